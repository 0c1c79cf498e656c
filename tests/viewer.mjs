// What the viewer's modules make of pages, for tests/test_viewer.py: node viewer.mjs PAGE.json, beside the modules.
import { readFileSync } from "node:fs";
import { Following } from "./following.js";
import { counts, maxwell, speedH, speeds } from "./measures.js";
import { read } from "./recording.js";
import { Replay } from "./replay.js";
import { canReverse, reversed, separation } from "./reversal.js";
import { Scene } from "./scene.js";
import { waysBack } from "./ways.js";

const all = (work) => {
  let step = work.next();
  while (!step.done) step = work.next();
  return step.value;
};
const base64 = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("base64");

/** Positions at every frame, asked for from the last to the first, and at the end. */
function positions(recording, replay = new Replay(recording)) {
  const out = new Float64Array(2 * recording.n * (recording.frames + 1));
  for (let frame = recording.frames; frame >= 0; frame -= 1) {
    replay.seek(frame + (frame < recording.frames ? 0.5 : 0)); // between two frames, and back
    replay.seek(frame);
    replay.positions(out.subarray(2 * recording.n * frame, 2 * recording.n * (frame + 1)));
  }
  return base64(out);
}

const page = JSON.parse(readFileSync(process.argv[2], "utf8"));
const recording = await read(page, page);
const stored = await Promise.all(page.ways.map(async (way) => ({ label: way.label, recording: await read(page, way) })));
const ways = all(waysBack(recording, stored, page, recording.frames));
const back = canReverse(recording) ? all(reversed(recording, recording.frames)) : null;

/** Angles at every frame. */
function angles(replay) {
  return Array.from({ length: recording.frames + 1 }, (_, frame) => {
    replay.seek(frame);
    return base64(replay.angles());
  });
}

/** What is said of a disk at the start and the end of a recording. */
function told(of, disk) {
  const following = new Following(of, disk, {});
  following.lines = []; // of the table, which needs a browser
  return [0, of.frames].map((at) => following.describe(at));
}

/** Widths of the lines on the disks at the start, as { radius: width }, on a canvas of as many pixels. */
function marks(scene, pixels) {
  const widths = {};
  const context = {
    beginPath() {},
    moveTo(x, y) {
      this.from = [x, y];
    },
    lineTo(x, y) {
      this.length = Math.hypot(x - this.from[0], y - this.from[1]);
    },
    stroke() {
      widths[this.length.toPrecision(6)] = this.lineWidth;
    },
  };
  scene.colours = { paper: "white" };
  scene.drawMarks(context, recording.positions, new Float64Array(recording.n), recording.box / pixels);
  return widths;
}
const scene = new Scene({ clientWidth: 600 }, recording, page.speed);
const values = speeds(recording.velocities, new Float64Array(recording.n));
console.log(JSON.stringify({
  positions: positions(recording),
  reversible: canReverse(recording),
  angles: recording.spins && angles(new Replay(recording)),
  back: back && { positions: positions(back), pairs: Array.from(back.pairs), times: back.times && Array.from(back.times) },
  largest: back && Array.from(all(separation(recording, back)).largest),
  picked: (page.clicks ?? []).map(([x, y]) => scene.diskAt(x, y, recording.positions)),
  marks: marks(scene, 600),
  told: [recording, ways.at(-1).replay.recording].map((of) => told(of, 0)),
  ways: ways.map(({ name, h, separation: apart, replay }) => ({
    name,
    h: Array.from(h),
    largest: apart && Array.from(apart.largest),
    positions: positions(recording, replay),
    pairs: Array.from(replay.recording.pairs),
    after: base64(replay.recording.after),
    spins: replay.recording.spins && base64(replay.recording.spins),
    spun: replay.recording.spun && base64(replay.recording.spun),
  })),
  h: speedH(values, page.speed),
  counts: Array.from(counts(values, 2 * page.speed, 50)),
  mode: maxwell(1, 1),
}));
