// Numbers as a reader writes them.

const RAISED = [..."⁰¹²³⁴⁵⁶⁷⁸⁹"];

export function worded(value) {
  return String(Number(value.toPrecision(6))).replace("-", "−");
}

/** A power of ten. */
export function power(exponent) {
  const digits = [...String(Math.abs(exponent))].map((digit) => RAISED[Number(digit)]).join("");
  return `10${exponent < 0 ? "⁻" : ""}${digits}`;
}

/** A length of any size, to two digits. */
export function roughly(value) {
  if (value === 0) return "0";
  const [digits, exponent] = value.toExponential(1).split("e").map(Number);
  if (exponent >= -2 && exponent <= 3) return String(Number(value.toPrecision(2)));
  return `${digits.toFixed(1)}·${power(exponent)}`;
}
