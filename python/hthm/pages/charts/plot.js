// A chart of the report: uPlot in the page's colours, as wide as its place, and obedient to keys and buttons.
import { number } from "./words.js";

const FONT = "12px system-ui, sans-serif";
export const COLOURS = ["--blue", "--red", "--green", "--purple", "--gold", "--sky"];
export const DASHES = [[], [8, 3], [2, 3], [10, 3, 2, 3], [14, 4], [6, 2, 2, 2, 2, 2]];

/** A colour of the page, which follows the reader's choice of light or dark. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export function axis(label, more = {}) {
  return {
    label,
    font: FONT,
    labelFont: FONT,
    labelSize: 20,
    stroke: () => colour("--soft"),
    grid: { stroke: () => colour("--grid"), width: 1 },
    ticks: { stroke: () => colour("--line"), width: 1, size: 4 },
    ...more,
  };
}

/**
 * A chart in a place, of uPlot's options and data. `tell` is given the chart whenever its cursor moves, or nothing lies
 * under it.
 */
export class Plot {
  constructor(place, options, data, tell) {
    this.place = place;
    this.tell = tell;
    this.chart = new uPlot(
      {
        ...this.size(),
        legend: { show: false },
        cursor: { drag: { x: true, y: false }, points: { size: 6 }, y: false },
        ...options,
        hooks: { ...options.hooks, setCursor: [() => this.tell(this.chart)] },
      },
      data,
      place,
    );
    this.watching = new ResizeObserver(() => this.fit());
    this.watching.observe(place);
    this.schemed = () => this.chart.redraw(false);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", this.schemed);
  }

  size() {
    const width = Math.max(200, Math.floor(this.place.clientWidth));
    return { width, height: Math.round(Math.min(400, Math.max(250, 0.45 * width))) };
  }

  fit() {
    const { width, height } = this.size();
    if (width !== this.chart.width || height !== this.chart.height) this.chart.setSize({ width, height });
  }

  show(data) {
    const { min, max } = this.chart.scales.x;
    const zoomed = this.zoomed;
    this.chart.setData(data, !zoomed);
    if (zoomed) this.chart.setScale("x", { min, max });
  }

  get xs() {
    return this.chart.data[0];
  }

  get zoomed() {
    const { min, max } = this.chart.scales.x;
    if (min == null) return false; // nothing has been drawn yet
    return min > this.xs[0] || max < this.xs[this.xs.length - 1];
  }

  /** Show what is between two values of x, as far as there is something. */
  between(from, to) {
    const { xs } = this;
    const [first, last] = [xs[0], xs[xs.length - 1]];
    this.chart.setScale("x", { min: Math.max(first, from), max: Math.min(last, to) });
  }

  whole() {
    this.between(-Infinity, Infinity);
  }

  /** Look nearer, or with a factor above 1 at more, around the cursor or the middle. */
  zoom(factor) {
    const { min, max } = this.chart.scales.x;
    const { idx } = this.chart.cursor;
    const at = idx == null ? (min + max) / 2 : Math.min(max, Math.max(min, this.xs[idx]));
    const least = 4 * Math.abs(this.xs[1] - this.xs[0]);
    if (factor < 1 && max - min <= least) return;
    this.between(at - factor * (at - min), at + factor * (max - at));
  }

  /** Put the cursor a number of points further; from nowhere, on the first or the last that is in sight. */
  move(by) {
    const { chart, xs } = this;
    const { min, max } = chart.scales.x;
    const begin = by > 0 ? xs.findIndex((x) => x >= min) - 1 : xs.findLastIndex((x) => x <= max) + 1;
    this.to((this.wanted ?? chart.cursor.idx ?? begin) + by);
  }

  /** Put the cursor on a point, and have it in sight. */
  to(index) {
    const { chart, xs } = this;
    const { min, max } = chart.scales.x;
    this.wanted = Math.min(xs.length - 1, Math.max(0, index)); // keys may come faster than pictures
    const x = xs[this.wanted];
    if (x < min || x > max) {
      const shift = x < min ? x - min : x - max;
      this.between(min + shift, max + shift);
    }
    requestAnimationFrame(() => {
      if (this.wanted == null) return;
      chart.setCursor({ left: chart.valToPos(xs[this.wanted], "x"), top: chart.over.clientHeight / 2 });
      this.wanted = null;
    });
  }

  /** Listen to keys while the chart has the focus. */
  listen(more = {}) {
    const { place } = this;
    const keys = {
      ArrowLeft: (event) => this.move(event.shiftKey ? -10 : -1),
      ArrowRight: (event) => this.move(event.shiftKey ? 10 : 1),
      Home: () => this.move(-this.xs.length),
      End: () => this.move(this.xs.length),
      "+": () => this.zoom(0.5),
      "=": () => this.zoom(0.5),
      "-": () => this.zoom(2),
      0: () => this.whole(),
      Escape: () => this.whole(),
      ...more,
    };
    place.addEventListener("keydown", (event) => {
      const act = keys[event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act(event);
    });
  }

  leave() {
    this.watching.disconnect();
    matchMedia("(prefers-color-scheme: dark)").removeEventListener("change", this.schemed);
    this.chart.destroy();
  }
}

/** An element with attributes and children. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value != null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/** A button that does something. */
export function button(text, act, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", act);
  return made;
}

/** The line that stands for a curve in a legend. */
export function swatch(name, dash, width = 2) {
  const line = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 32 8", width: 32, height: 8, "aria-hidden": true })) {
    line.setAttribute(key, value);
  }
  line.innerHTML = `<path d="M0 4H32" style="stroke:var(${name});stroke-width:${width};stroke-dasharray:${dash.join(" ") || "none"}"/>`;
  return line;
}

/** Boxes to tick, one a curve, each with its line and its value under the cursor; returns the places of the values. */
export function keys(place, curves, chosen) {
  return curves.map(({ label, stroke, dash, width, shown = true }, number) => {
    const box = element("input", { type: "checkbox", checked: shown });
    const value = element("output", { for: "" });
    box.addEventListener("change", () => chosen(number, box.checked));
    place.append(element("label", { class: "key" }, box, swatch(stroke, dash, width), element("span", {}, label), value));
    return value;
  });
}

/** What stands at the ticks of an axis. */
export function ticks(_, values) {
  return values.map((value) => (value == null ? "" : number(value)));
}
