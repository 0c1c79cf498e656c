// Speeds and H as hthm measures them, and what they tend to.

export const H_BINS = 50;

/** Speeds of all disks, into an array (n). */
export function speeds(v, out) {
  for (let disk = 0; disk < out.length; disk += 1) out[disk] = Math.hypot(v[2 * disk], v[2 * disk + 1]);
  return out;
}

/** How many speeds are in each of equal bins from 0 to `end`, as numpy.histogram counts; those beyond are left out. */
export function counts(values, end, bins) {
  const found = new Float64Array(bins);
  const width = end / bins;
  for (const value of values) {
    if (value > end) continue;
    let bin = Math.min(bins - 1, Math.floor((value / end) * bins));
    if (value < bin * width) bin -= 1; // the edge itself decides
    else if (bin < bins - 1 && value >= (bin + 1) * width) bin += 1;
    found[bin] += 1;
  }
  return found;
}

/** The paper's H: sum of p ln p ds over 50 bins up to 2 s0. */
export function speedH(values, s0) {
  const found = counts(values, 2 * s0, H_BINS);
  const width = (2 * s0) / H_BINS;
  const total = found.reduce((sum, count) => sum + count, 0);
  let h = 0;
  for (const count of found) if (count > 0) h += (count / total) * Math.log(count / (total * width));
  return h;
}

/** Maxwell and Boltzmann's density of speeds at a temperature, half the mean of v². */
export function maxwell(speed, temperature) {
  return (speed / temperature) * Math.exp((-speed * speed) / (2 * temperature));
}
