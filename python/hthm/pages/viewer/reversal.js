// Time reversed: all velocities turned round, and the same dynamics from there, beside the path the disks came along.
import { canSimulate, eventDriven } from "./event_driven.js";
import { fixedStep } from "./fixed_step.js";
import { speedH, speeds } from "./measures.js";
import { Replay, distances } from "./replay.js";

/** Whether this recording's dynamics can be run here. */
export function canReverse(recording) {
  return recording.smooth && (recording.times === null || canSimulate(recording));
}

/** Turn the velocities of a frame round and simulate back to the start. Yields its progress; returns the recording. */
export function* reversed(recording, frame) {
  const replay = new Replay(recording);
  replay.seek(frame);
  const positions = replay.positions(new Float64Array(2 * recording.n));
  const velocities = replay.v.map((component) => -component);
  const simulate = recording.times ? eventDriven : fixedStep;
  const run = simulate({ ...recording, positions, velocities }, frame);
  let step = run.next();
  while (!step.done) {
    yield step.value / frame;
    step = run.next();
  }
  return step.value;
}

/** How far the disks of a reversed run are from where they had been, in diameters, at every frame of the run. */
export function* separation(recording, back) {
  const [forth, other] = [new Replay(recording), new Replay(back)];
  const [x, y] = [new Float64Array(2 * recording.n), new Float64Array(2 * recording.n)];
  const [largest, median] = [new Float64Array(back.frames + 1), new Float64Array(back.frames + 1)];
  for (let frame = 0; frame <= back.frames; frame += 1) {
    forth.seek(frame);
    other.seek(back.frames - frame);
    const apart = distances(forth.positions(x), other.positions(y), recording.box, recording.diameter);
    largest[frame] = apart.largest;
    median[frame] = apart.median;
    yield frame / back.frames;
  }
  return { largest, median }; // by the frame of the recording
}

const SAME = 1e-6; // of s0

/** H of the speeds of a way back. Those that have come back to s0, an edge of the bins, are kept together. */
export function returnedH(values, s0) {
  return speedH(values.map((speed) => (Math.abs(speed - s0) < SAME * s0 ? s0 * (1 + SAME) : speed)), s0);
}

/** The same at every frame of a way back. */
export function* speedHs(recording, s0) {
  const replay = new Replay(recording);
  const values = new Float64Array(recording.n);
  const h = new Float64Array(recording.frames + 1);
  for (let frame = 0; frame <= recording.frames; frame += 1) {
    replay.seek(frame);
    h[frame] = returnedH(speeds(replay.v, values), s0);
    yield frame / recording.frames;
  }
  return h;
}
