// The exact dynamics in the browser: from collision to collision, in double precision.
//
// Every disk has one event: its next collision, or its way into the next cell, whichever is sooner. Those of all disks
// are in a heap. Whoever has collided since an event was foreseen makes it stale: it is foreseen again when its turn
// comes, which is no later than any event it could hide.
import { Heap } from "./heap.js";
import { Recorder } from "./recording.js";
import { CELL_MARGIN, collide } from "./rule.js";

const LEAST_CELLS = 3; // of fewer, a disk would meet the same neighbour on both sides

/** Whether a gas is large enough beside its disks to be simulated here. */
export function canSimulate({ box, diameter }) {
  return box >= LEAST_CELLS * CELL_MARGIN * diameter;
}

/** Simulate from { n, box, diameter, dt, positions, velocities }. Yields after every frame; returns the recording. */
export function* eventDriven(start, frames) {
  const gas = new Gas(start);
  const recorder = new Recorder(start, frames);
  for (let frame = 1; frame <= frames; frame += 1) {
    const end = frame * start.dt;
    while (gas.events.least() <= end) gas.happen(recorder);
    recorder.endOfFrame();
    yield frame;
  }
  return recorder.recording(true);
}

class Gas {
  constructor({ n, box, diameter, positions, velocities }) {
    this.n = n;
    this.diameter2 = diameter * diameter;
    this.cells = Math.max(LEAST_CELLS, Math.min(Math.floor(box / (CELL_MARGIN * diameter)), Math.ceil(Math.sqrt(n))));
    this.box = box;
    this.x = positions.slice(); // at the time `since`; without the box, so that nobody jumps
    this.v = velocities.slice();
    this.since = new Float64Array(n);
    this.collisions = new Int32Array(n);
    this.partner = new Int32Array(n).fill(-1); // of the next event; -1: the way into another cell
    this.partnersCollisions = new Int32Array(n); // when it was foreseen
    this.way = new Int8Array(2 * n); // into which cell
    this.cell = new Int32Array(2 * n); // column and row, without the box
    this.head = new Int32Array(this.cells ** 2).fill(-1); // disks of a cell, in a list
    this.next = new Int32Array(n);
    this.previous = new Int32Array(n);
    for (let c = 0; c < 2 * n; c += 1) {
      this.cell[c] = Math.min(this.cells - 1, Math.floor((this.x[c] / box) * this.cells));
    }
    for (let i = 0; i < n; i += 1) this.enter(i);
    this.events = new Heap(n);
    for (let i = 0; i < n; i += 1) this.foresee(i, 0);
  }

  /** Let the next event of all happen. */
  happen(recorder) {
    const i = this.events.first();
    const now = this.events.least();
    const j = this.partner[i];
    if (j < 0) {
      this.leave(i);
      this.cell[2 * i] += this.way[2 * i];
      this.cell[2 * i + 1] += this.way[2 * i + 1];
      this.enter(i);
    } else if (this.collisions[j] === this.partnersCollisions[i]) {
      this.meet(Math.min(i, j), Math.max(i, j), now, recorder);
      this.foresee(j, now);
    }
    this.foresee(i, now);
  }

  meet(i, j, now, recorder) {
    for (const k of [i, j]) {
      for (const c of [2 * k, 2 * k + 1]) this.x[c] += this.v[c] * (now - this.since[k]);
      this.since[k] = now;
      this.collisions[k] += 1;
    }
    const image = (d) => d - this.box * Math.round(d / this.box);
    const [dx, dy] = [image(this.x[2 * i] - this.x[2 * j]), image(this.x[2 * i + 1] - this.x[2 * j + 1])];
    collide(this.v, i, j, dx, dy);
    recorder.collision(i, j, this.v, now);
  }

  /** Find the next event of a disk. */
  foresee(i, now) {
    const { x, v, since, cell, box, cells } = this;
    const hereX = x[2 * i] + v[2 * i] * (now - since[i]);
    const hereY = x[2 * i + 1] + v[2 * i + 1] * (now - since[i]);
    let time = this.foreseeCell(i, now, hereX, hereY);
    for (let row = cell[2 * i + 1] - 1; row <= cell[2 * i + 1] + 1; row += 1) {
      for (let column = cell[2 * i] - 1; column <= cell[2 * i] + 1; column += 1) {
        for (let j = this.head[this.number(column, row)]; j >= 0; j = this.next[j]) {
          if (j === i) continue;
          // The image of j in that very cell: whole boxes away from where it is.
          const imageX = x[2 * j] + ((column - cell[2 * j]) / cells) * box;
          const imageY = x[2 * j + 1] + ((row - cell[2 * j + 1]) / cells) * box;
          const dx = hereX - (imageX + v[2 * j] * (now - since[j]));
          const dy = hereY - (imageY + v[2 * j + 1] * (now - since[j]));
          const meeting = now + this.until(dx, dy, v[2 * i] - v[2 * j], v[2 * i + 1] - v[2 * j + 1]);
          if (meeting < time) {
            time = meeting;
            this.partner[i] = j;
            this.partnersCollisions[i] = this.collisions[j];
          }
        }
      }
    }
    this.events.set(i, time);
  }

  /** Foresee the way into the next cell, and return its time. */
  foreseeCell(i, now, hereX, hereY) {
    const timeX = this.untilWall(2 * i, hereX);
    const timeY = this.untilWall(2 * i + 1, hereY);
    this.partner[i] = -1;
    this.way[2 * i] = timeX <= timeY ? Math.sign(this.v[2 * i]) : 0;
    this.way[2 * i + 1] = timeX <= timeY ? 0 : Math.sign(this.v[2 * i + 1]);
    return now + Math.min(timeX, timeY);
  }

  /** Time until a coordinate reaches the wall of its cell that is ahead. */
  untilWall(c, here) {
    const velocity = this.v[c];
    if (velocity === 0) return Infinity;
    const wall = ((this.cell[c] + (velocity > 0 ? 1 : 0)) * this.box) / this.cells;
    return Math.max(0, (wall - here) / velocity);
  }

  /** Time until two disks touch that are d apart and move at v; infinite where they do not. */
  until(dx, dy, vx, vy) {
    const approach = -(dx * vx + dy * vy);
    if (approach <= 0) return Infinity;
    const gap = dx * dx + dy * dy - this.diameter2;
    const discriminant = approach * approach - (vx * vx + vy * vy) * gap;
    // This root, and not the other form of it, keeps its digits near contact.
    return discriminant < 0 ? Infinity : Math.max(0, gap / (approach + Math.sqrt(discriminant)));
  }

  number(column, row) {
    const { cells } = this;
    const down = row % cells; // it has the sign of the row
    const right = column % cells;
    return (down < 0 ? down + cells : down) * cells + (right < 0 ? right + cells : right);
  }

  enter(i) {
    const number = this.number(this.cell[2 * i], this.cell[2 * i + 1]);
    const second = this.head[number];
    this.head[number] = i;
    this.previous[i] = -1;
    this.next[i] = second;
    if (second >= 0) this.previous[second] = i;
  }

  leave(i) {
    const [before, behind] = [this.previous[i], this.next[i]];
    if (before >= 0) this.next[before] = behind;
    else this.head[this.number(this.cell[2 * i], this.cell[2 * i + 1])] = behind;
    if (behind >= 0) this.previous[behind] = before;
  }
}
