// The fixed step of docs/rule.md, simulated in the browser: drift, find pairs, collide in ascending (i, j).
import { Recorder } from "./recording.js";
import { CELL_MARGIN, collide, drift, nearest } from "./rule.js";

const HALF = [ // of the cells around one: each pair of cells is looked at once
  { right: 1, down: 0 },
  { right: -1, down: 1 },
  { right: 0, down: 1 },
  { right: 1, down: 1 },
];

/** Simulate from { n, box, diameter, dt, positions, velocities }. Yields after every frame; returns the recording. */
export function* fixedStep(start, frames) {
  const { n, box, dt, diameter } = start;
  const [x, v] = [start.positions.slice(), start.velocities.slice()];
  const recorder = new Recorder(start, frames);
  const find = pairFinder(n, box, diameter);
  for (let frame = 0; frame < frames; frame += 1) {
    drift(x, v, dt, box);
    for (const pair of find(x)) {
      const [i, j] = [Math.floor(pair / n), pair % n];
      const [dx, dy] = [nearest(x[2 * i] - x[2 * j], box), nearest(x[2 * i + 1] - x[2 * j + 1], box)];
      if (collide(v, i, j, dx, dy)) recorder.collision(i, j, v);
    }
    recorder.endOfFrame();
    yield frame + 1;
  }
  return recorder.recording(false);
}

/** A function from positions to the overlapping pairs, as i n + j in ascending order. */
function pairFinder(n, box, diameter) {
  const side = Math.min(Math.floor(box / (CELL_MARGIN * diameter)), Math.ceil(Math.sqrt(n)));
  const cells = side < 3 ? 1 : side; // of two cells a side each would meet the other twice
  const first = new Int32Array(cells * cells + 1); // where the disks of a cell begin in `sorted`
  const cellOf = new Int32Array(n);
  const sorted = new Int32Array(n);
  const found = [];

  const look = (x, i, j) => {
    const dx = nearest(x[2 * i] - x[2 * j], box);
    const dy = nearest(x[2 * i + 1] - x[2 * j + 1], box);
    if (dx * dx + dy * dy < diameter * diameter) found.push(Math.min(i, j) * n + Math.max(i, j));
  };

  return (x) => {
    const index = (c) => Math.min(cells - 1, Math.floor((x[c] / box) * cells));
    first.fill(0);
    for (let i = 0; i < n; i += 1) {
      cellOf[i] = index(2 * i + 1) * cells + index(2 * i);
      first[cellOf[i] + 1] += 1;
    }
    for (let c = 0; c < cells * cells; c += 1) first[c + 1] += first[c];
    for (let i = n - 1; i >= 0; i -= 1) sorted[(first[cellOf[i] + 1] -= 1)] = i;
    first.copyWithin(0, 1); // each has moved to where its cell begins
    first[cells * cells] = n;

    found.length = 0;
    const half = cells === 1 ? [] : HALF;
    for (let c = 0; c < cells * cells; c += 1) {
      const row = Math.floor(c / cells);
      const column = c % cells;
      for (let a = first[c]; a < first[c + 1]; a += 1) {
        for (let b = a + 1; b < first[c + 1]; b += 1) look(x, sorted[a], sorted[b]);
        for (let k = 0; k < half.length; k += 1) {
          const beside = ((row + half[k].down) % cells) * cells + ((column + half[k].right + cells) % cells);
          for (let b = first[beside]; b < first[beside + 1]; b += 1) look(x, sorted[a], sorted[b]);
        }
      }
    }
    return Float64Array.from(found).sort();
  };
}
