// The ways back: who takes which, and how each compares with the way there.
import { speeds } from "./measures.js";
import { frameOf } from "./recording.js";
import { Replay } from "./replay.js";
import { canReverse, returnedH, reversed, separation, speedHs } from "./reversal.js";

/** The recording played from a frame to its start: no dynamics, every picture as it was. */
class Backwards {
  constructor(recording, turned) {
    this.forth = new Replay(recording);
    this.turned = turned;
    this.recording = backwards(recording, turned);
  }

  seek(at) {
    this.forth.seek(this.turned - at);
  }

  positions(out) {
    return this.forth.positions(out);
  }

  angles() {
    return this.forth.angles();
  }

  /** Those of the way there; speeds are the same. */
  get v() {
    return this.forth.v;
  }
}

/** Collisions of a recording up to a frame in the opposite order, as a recording of its own, for whoever lists them. */
function backwards(recording, turned) {
  const { n, dt, positions, velocities, offsets, pairs, after, spins, spun } = recording;
  const count = offsets[turned];
  const rows = Array.from({ length: count }, (_, k) => count - 1 - k);
  const end = new Replay(recording);
  end.seek(turned);
  const moving = turnedRound(velocities, after, pairs, count);
  const spinning = spins && turnedRound(spins, spun, pairs, count);
  return {
    ...recording,
    frames: turned,
    positions: end.positions(new Float64Array(2 * n)),
    velocities: moving.start,
    offsets: Int32Array.from({ length: turned + 1 }, (_, frame) => count - offsets[turned - frame]),
    pairs: Int32Array.from(rows.flatMap((row) => [pairs[2 * row], pairs[2 * row + 1]])),
    after: moving.after,
    spins: spinning && spinning.start,
    spun: spinning && spinning.after,
    times: Float64Array.from(rows, (row) => (turned - frameOf(recording, row)) * dt),
  };
}

/**
 * Velocities or spins of the way back over so many rows: how it starts, and what both disks have after each of its
 * rows, which is the opposite of what they had before that row on the way there.
 */
function turnedRound(start, after, pairs, count) {
  const now = start.slice();
  const each = after.length / pairs.length || 1; // numbers a disk; without a row there is nothing to take them from
  const before = new Float64Array(2 * each * count);
  for (let row = 0; row < count; row += 1) {
    for (let k = 0; k < 2 * each; k += 1) {
      const at = each * pairs[2 * row + Math.floor(k / each)] + (k % each);
      before[2 * each * (count - 1 - row) + k] = -now[at];
      now[at] = after[2 * each * row + k];
    }
  }
  return { start: now.map((component) => -component), after: before };
}

/**
 * Make all ways back from a frame. Yields { name, share } as it works; returns a list of { name, colour, replay, h,
 * separation }, the recording itself last, which has no separation.
 */
export function* waysBack(recording, stored, page, turned) {
  const found = [];
  if (canReverse(recording)) {
    const run = yield* told("Going back", reversed(recording, turned));
    found.push({ name: "double precision, 53 bits", colour: "ink", run });
  }
  for (const { label, recording: run } of stored) {
    if (run.frames === turned) found.push({ name: label, colour: "gold", run });
  }
  for (const way of found) {
    way.separation = yield* told("Comparing", separation(recording, way.run));
    way.h = yield* told("Measuring", speedHs(way.run, page.speed));
    way.replay = new Replay(way.run);
  }
  const begun = returnedH(speeds(recording.velocities, new Float64Array(recording.n)), page.speed);
  const h = Float64Array.from({ length: turned + 1 }, (_, k) => (k < turned ? page.h[turned - k - 1] ?? NaN : begun));
  found.push({ name: "the recording, backwards", colour: "blue", replay: new Backwards(recording, turned), h, separation: null });
  return found;
}

function* told(name, work) {
  let step = work.next();
  while (!step.done) {
    yield { name, share: step.value };
    step = work.next();
  }
  return step.value;
}
