// What happened in a run: where its disks started, and a row a collision. Numbers are hthm's, or of the rules here.
//
// A recording is { n, box, diameter, dt, smooth, frames, positions, velocities, offsets, pairs, after, times, spins,
// spun, radii }:
//   smooth                 whether its disks collide by the rule of smooth ones, which is the one known here
//   positions, velocities  (2 n) x and y of every disk at the start
//   offsets                (frames + 1) first row of every frame, and the end
//   pairs                  (2 rows) disks i < j of a collision
//   after                  (4 rows) velocities of i and of j just after it
//   times                  (rows) when it happened; null where disks collide at the ends of frames, as in a fixed step
//   spins, spun            (n) and (2 rows) the same of spins, counterclockwise; null where disks have none
//   radii                  (n) of the disks of a mixture, the largest half the diameter; null where they are alike
import { Growing, unpacked } from "./arrays.js";

/** The recording that Python wrote into the page, or one of the ways back that it wrote beside it. */
export async function read({ n, box, diameter, dt, smooth }, { frames, arrays }) {
  const names = Object.keys(arrays);
  const read = await Promise.all(names.map((name) => unpacked(arrays[name])));
  const given = Object.fromEntries(names.map((name, k) => [name, read[k]]));
  return { n, box, diameter, dt, smooth, frames, times: null, spins: null, spun: null, radii: null, ...given };
}

/** Writes a recording, row by row. */
export class Recorder {
  constructor(start, frames) {
    const { n, box, diameter, dt, smooth, positions, velocities } = start;
    this.begun = { n, box, diameter, dt, smooth, frames, positions: positions.slice(), velocities: velocities.slice() };
    this.offsets = [0];
    this.pairs = new Growing(Int32Array);
    this.after = new Growing(Float64Array);
    this.times = new Growing(Float64Array);
  }

  /** Disks i < j have collided, at a time where there is one, and have these velocities now. */
  collision(i, j, v, time = null) {
    this.pairs.push(i);
    this.pairs.push(j);
    for (const at of [2 * i, 2 * i + 1, 2 * j, 2 * j + 1]) this.after.push(v[at]);
    if (time !== null) this.times.push(time);
  }

  endOfFrame() {
    this.offsets.push(this.pairs.length / 2);
  }

  recording(timed) {
    return {
      ...this.begun,
      offsets: Int32Array.from(this.offsets),
      pairs: this.pairs.taken(),
      after: this.after.taken(),
      times: timed ? this.times.taken() : null,
      spins: null,
      spun: null,
      radii: null,
    };
  }
}

/** Rows of a recording in which a disk collides. */
export function rowsOf(recording, disk) {
  const rows = [];
  for (let k = 0; k < recording.pairs.length; k += 1) if (recording.pairs[k] === disk) rows.push(k >> 1);
  return rows;
}

/** The frame, whole where disks collide at the ends of frames, at which a row happened. */
export function frameOf(recording, row) {
  if (recording.times) return recording.times[row] / recording.dt;
  let [low, high] = [0, recording.frames];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (recording.offsets[middle] <= row) low = middle;
    else high = middle;
  }
  return high; // frame k counts from the start, which is frame 0
}
