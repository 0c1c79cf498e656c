// Arrays as Python packed them: little-endian numbers in base64, levels between two ends where every digit is noise.

const KINDS = { uint16: Uint16Array, uint32: Uint32Array, float64: Float64Array };
const NO_NUMBER = 65535;

/** The typed array of { kind, base64 }. */
export function unpacked({ kind, base64 }) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return new KINDS[kind](bytes.buffer);
}

/** Row `row` of an array of levels { low, high, ... }, each row so many long; null where there is no number. */
export function row(levels, { low, high }, row, length) {
  const scale = (high - low) / (NO_NUMBER - 1);
  const found = levels.subarray(row * length, (row + 1) * length);
  return Array.from(found, (level) => (level === NO_NUMBER ? null : low + scale * level));
}
