// Where the disks of a recording are at any time: made again from the start and the rows, forwards from the nearest
// of some frames that are kept.
import { drift, nearest, wrapped } from "./rule.js";

const KEPT_BYTES = 48e6;
const LEAST_APART = 8; // frames

export class Replay {
  constructor(recording) {
    const { n, frames } = recording;
    this.recording = recording;
    this.x = recording.positions.slice(); // at the last frame; where collisions have times, at a disk's last collision
    this.v = recording.velocities.slice();
    this.since = new Float64Array(n); // time of that collision
    this.w = recording.spins?.slice() ?? null;
    this.turned = this.w && new Float64Array(n); // by how much, when it was at x
    this.frame = 0; // as far as whole frames have been gone through
    this.row = 0;
    this.at = 0; // in frames, with a fraction
    this.apart = Math.max(LEAST_APART, Math.ceil((frames * n * 40) / KEPT_BYTES));
    this.kept = [];
    for (let frame = 0; frame <= frames; frame += this.apart) {
      this.seek(frame);
      const { x, v, since, w, turned, row } = this;
      const spins = w && { w: w.slice(), turned: turned.slice() };
      this.kept.push({ x: x.slice(), v: v.slice(), since: since.slice(), spins, row });
    }
    this.seek(0);
  }

  /** Go to a frame, or to a time between two. */
  seek(at) {
    const number = Math.min(Math.floor(at / this.apart), this.kept.length - 1);
    const keptAt = number * this.apart;
    if (number >= 0 && (at < this.at || keptAt > this.at)) this.restore(this.kept[number], keptAt);
    const whole = Math.floor(at);
    if (this.recording.times) this.followTimes(at);
    else while (this.frame < whole) this.followFrame();
    this.frame = whole;
    this.at = at;
  }

  restore(kept, frame) {
    this.x.set(kept.x);
    this.v.set(kept.v);
    this.since.set(kept.since);
    if (kept.spins) {
      this.w.set(kept.spins.w);
      this.turned.set(kept.spins.turned);
    }
    this.row = kept.row;
    this.frame = frame;
  }

  followFrame() {
    const { dt, box, offsets } = this.recording;
    drift(this.x, this.v, dt, box);
    this.w?.forEach((spin, disk) => {
      this.turned[disk] += spin * dt;
    });
    for (this.frame += 1; this.row < offsets[this.frame]; this.row += 1) this.turn();
  }

  followTimes(at) {
    const { pairs, times, dt, box } = this.recording;
    const now = at * dt;
    for (; this.row < times.length && times[this.row] <= now; this.row += 1) {
      const time = times[this.row];
      for (let k = 2 * this.row; k < 2 * this.row + 2; k += 1) {
        const disk = pairs[k];
        for (let c = 2 * disk; c < 2 * disk + 2; c += 1) {
          this.x[c] = wrapped(this.x[c] + this.v[c] * (time - this.since[disk]), box);
        }
        if (this.w) this.turned[disk] += this.w[disk] * (time - this.since[disk]);
        this.since[disk] = time;
      }
      this.turn();
    }
  }

  /** Velocities and spins after the present row. */
  turn() {
    const { pairs, after, spun } = this.recording;
    const i = pairs[2 * this.row];
    const j = pairs[2 * this.row + 1];
    const first = 4 * this.row;
    this.v[2 * i] = after[first];
    this.v[2 * i + 1] = after[first + 1];
    this.v[2 * j] = after[first + 2];
    this.v[2 * j + 1] = after[first + 3];
    if (this.w) {
      this.w[i] = spun[2 * this.row];
      this.w[j] = spun[2 * this.row + 1];
    }
  }

  /** Positions now, in the box, into an array (2 n). */
  positions(out) {
    const { n, dt, box, times } = this.recording;
    const now = this.at * dt;
    const rest = (this.at - this.frame) * dt; // of the step, on a straight line as in the drift
    for (let disk = 0; disk < n; disk += 1) {
      const passed = times ? now - this.since[disk] : rest;
      for (let c = 2 * disk; c < 2 * disk + 2; c += 1) {
        out[c] = passed === 0 ? this.x[c] : wrapped(this.x[c] + this.v[c] * passed, box);
      }
    }
    return out;
  }

  /** By which angles disks have turned since the start, (n); null where they do not spin. */
  angles() {
    const { dt, times } = this.recording;
    const now = this.at * dt;
    const rest = (this.at - this.frame) * dt;
    return this.w?.map((spin, disk) => this.turned[disk] + spin * (times ? now - this.since[disk] : rest)) ?? null;
  }
}

/** Largest distance between disks of two arrays of positions, and their median, in units of a length. */
export function distances(x, y, box, unit) {
  const apart = new Float64Array(x.length / 2);
  for (let disk = 0; disk < apart.length; disk += 1) {
    const [dx, dy] = [nearest(x[2 * disk] - y[2 * disk], box), nearest(x[2 * disk + 1] - y[2 * disk + 1], box)];
    apart[disk] = Math.hypot(dx, dy) / unit;
  }
  apart.sort();
  return { largest: apart[apart.length - 1], median: apart[apart.length >> 1] };
}
