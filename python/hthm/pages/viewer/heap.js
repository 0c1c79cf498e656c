// Times of so many things, of which the least is at hand; each can be given another time.

export class Heap {
  constructor(count) {
    this.time = new Float64Array(count).fill(Infinity);
    this.tree = Int32Array.from({ length: count }, (_, k) => k); // who stands at a place; children of k: 2 k + 1, 2 k + 2
    this.place = this.tree.slice(); // where somebody stands
  }

  /** Who is first. */
  first() {
    return this.tree[0];
  }

  /** The time of the first. */
  least() {
    return this.time[this.tree[0]];
  }

  set(who, time) {
    this.time[who] = time;
    this.rise(this.place[who]);
    this.sink(this.place[who]);
  }

  rise(k) {
    while (k > 0) {
      const parent = (k - 1) >> 1;
      if (this.time[this.tree[parent]] <= this.time[this.tree[k]]) return;
      this.swap(k, parent);
      k = parent;
    }
  }

  sink(k) {
    const { tree, time } = this;
    for (;;) {
      let least = k;
      for (let child = 2 * k + 1; child <= 2 * k + 2; child += 1) {
        if (child < tree.length && time[tree[child]] < time[tree[least]]) least = child;
      }
      if (least === k) return;
      this.swap(k, least);
      k = least;
    }
  }

  swap(a, b) {
    const one = this.tree[a];
    const other = this.tree[b];
    this.tree[a] = other;
    this.tree[b] = one;
    this.place[other] = a;
    this.place[one] = b;
  }
}
