// Numbers as a reader sees them.

const RAISED = [..."⁰¹²³⁴⁵⁶⁷⁸⁹"];

/** A number with some significant digits, a true minus, and a power of ten where it is far from 1. */
export function number(value, digits = 6) {
  if (value == null || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e6) {
    const [mantissa, exponent] = value.toExponential(Math.min(digits, 3) - 1).split("e");
    const shown = Number(mantissa) === 1 ? "" : `${Number(mantissa)}·`;
    return `${shown}10${raised(Number(exponent))}`.replace("-", "−");
  }
  return String(Number(value.toPrecision(digits))).replace("-", "−");
}

/** A number with so many digits after the point. */
export function fixed(value, digits) {
  return value == null || !Number.isFinite(value) ? "–" : value.toFixed(digits).replace("-", "−");
}

function raised(exponent) {
  const digits = [...String(Math.abs(exponent))].map((digit) => RAISED[Number(digit)]).join("");
  return `${exponent < 0 ? "⁻" : ""}${digits}`;
}
