// The rule of smooth hard disks, operation for operation that of docs/rule.md: JavaScript's numbers are binary64, and
// it rounds after each operation, so that the bits are hthm's.

const SMALLEST_NORMAL = 2 ** -1022;

/** Cells in which pairs are looked for are wider than a diameter, by more than rounding. */
export const CELL_MARGIN = 1.001;

/** A coordinate in [0, box). */
export function wrapped(y, box) {
  if (y >= 0 && y < box) return y + 0; // what fmod would give, sooner
  let m = y % box;
  if (m < 0) m += box;
  if (m >= box) m = 0;
  return m + 0; // -0 becomes 0
}

/** Move every disk by a step; x and v are arrays of (x, y) of every disk. */
export function drift(x, v, dt, box) {
  for (let c = 0; c < x.length; c += 1) x[c] = wrapped(x[c] + v[c] * dt, box);
}

/** A component of a separation, to the nearest image. */
export function nearest(d, box) {
  if (d > box / 2) return d - box;
  return d < -box / 2 ? d + box : d;
}

/** Exchange the normal components of disks i and j, whose centres are (dx, dy) apart, in v. False where they part. */
export function collide(v, i, j, dx, dy) {
  const d2 = dx * dx + dy * dy;
  if (d2 < SMALLEST_NORMAL) return false; // no direction to speak of
  const r = Math.sqrt(d2);
  const nx = dx / r;
  const ny = dy / r;
  const closing = (v[2 * i] - v[2 * j]) * nx + (v[2 * i + 1] - v[2 * j + 1]) * ny;
  if (closing > 0) return false;
  const px = closing * nx;
  const py = closing * ny;
  v[2 * i] -= px;
  v[2 * i + 1] -= py;
  v[2 * j] += px;
  v[2 * j + 1] += py;
  return true;
}
