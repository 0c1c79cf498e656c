// A small chart with two axes, drawn anew whenever it is asked for.
import { fresh } from "./drawing.js";
import { power, worded } from "./words.js";

const EDGE = { left: 62, right: 12, top: 10, bottom: 38 };

export class Chart {
  /** x and y are { from, to, label }; y may be { powers: true }, whose numbers are powers of ten. */
  constructor(canvas, colours, x, y) {
    const { context, width, height } = fresh(canvas);
    Object.assign(this, { context, width, height, colours, x, y });
    context.font = "12px system-ui, sans-serif";
    this.drawAxes();
  }

  atX(value) {
    const { from, to } = this.x;
    return EDGE.left + ((value - from) / (to - from)) * (this.width - EDGE.left - EDGE.right);
  }

  atY(value) {
    const { from, to } = this.y;
    return this.height - EDGE.bottom - ((value - from) / (to - from)) * (this.height - EDGE.top - EDGE.bottom);
  }

  drawAxes() {
    const { context, colours, width, height } = this;
    const floor = height - EDGE.bottom;
    context.strokeStyle = colours.line;
    context.fillStyle = colours.soft;
    context.lineWidth = 1;
    context.textAlign = "center";
    for (const value of ticks(this.x, Math.max(2, width / 90))) {
      this.stroke([[this.atX(value), floor], [this.atX(value), floor + 4]]);
      context.fillText(worded(value), this.atX(value), floor + 16);
    }
    context.fillText(this.x.label, (EDGE.left + width - EDGE.right) / 2, height - 6);
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const value of ticks(this.y, Math.max(2, height / 45), this.y.powers)) {
      this.stroke([[EDGE.left, this.atY(value)], [width - EDGE.right, this.atY(value)]]);
      context.fillText(this.y.powers ? power(value) : worded(value), EDGE.left - 6, this.atY(value));
    }
    context.textBaseline = "alphabetic";
    context.save();
    context.textAlign = "center";
    context.translate(13, (EDGE.top + floor) / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(this.y.label, 0, 0);
    context.restore();
  }

  /** A line through values of an array, value k at x = at(k), for k from a first to a last one. */
  line(values, at, { first = 0, last = values.length - 1, colour, width = 2, dash = [], faint = false }) {
    const { context } = this;
    this.clipped(() => {
      context.beginPath();
      for (let k = first; k <= last; k += 1) {
        if (Number.isFinite(values[k])) context.lineTo(this.atX(at(k)), this.atY(values[k]));
      }
      context.strokeStyle = colour;
      context.globalAlpha = faint ? 0.3 : 1;
      context.lineWidth = width;
      context.setLineDash(dash);
      context.stroke();
    });
  }

  /** Bars from 0, of equal widths from the left end of x to its right. */
  bars(values, colour) {
    const { context } = this;
    const width = (this.x.to - this.x.from) / values.length;
    this.clipped(() => {
      context.fillStyle = colour;
      context.globalAlpha = 0.45;
      for (let k = 0; k < values.length; k += 1) {
        const [left, right] = [this.atX(this.x.from + k * width), this.atX(this.x.from + (k + 1) * width)];
        context.fillRect(left, this.atY(values[k]), right - left - 1, this.atY(0) - this.atY(values[k]));
      }
    });
  }

  /** A line across at a value of x, which says where time is. */
  cursor(value) {
    this.context.strokeStyle = this.colours.ink;
    this.context.lineWidth = 1;
    this.stroke([[this.atX(value), EDGE.top], [this.atX(value), this.height - EDGE.bottom]]);
  }

  stroke(points) {
    this.context.beginPath();
    for (const [x, y] of points) this.context.lineTo(x, y);
    this.context.stroke();
  }

  clipped(draw) {
    const { context } = this;
    context.save();
    context.beginPath();
    context.rect(EDGE.left, EDGE.top - 2, this.width - EDGE.left - EDGE.right, this.height - EDGE.top - EDGE.bottom + 4);
    context.clip();
    draw();
    context.restore();
  }
}

/** Round numbers in a range, at most about so many. */
function ticks({ from, to }, most, whole = false) {
  const rough = (to - from) / most;
  const decade = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 5, 10].map((factor) => factor * decade).find((size) => size >= rough) ?? rough;
  if (whole) step = Math.max(1, Math.ceil(rough));
  const found = [];
  for (let k = Math.ceil(from / step - 1e-9); k * step <= to + 1e-9 * step; k += 1) found.push(k * step);
  return found;
}
