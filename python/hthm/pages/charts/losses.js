// Losses against epochs, or updates, of every training.
import { COLOURS, DASHES, Plot, axis, button, colour, element, keys, ticks } from "./plot.js";
import { number } from "./words.js";

const LINEAR = 1e-3; // losses end a thousand times nearer to zero than they begin

export class LossesChart {
  constructor(place, content) {
    Object.assign(this, { place, content, measure: content.measures[0].name });
    const widths = [...new Set(content.curves.map(({ width }) => width))];
    const seen = new Map();
    this.curves = content.curves.map(({ label, width }) => {
      const before = seen.get(width) ?? 0;
      seen.set(width, before + 1);
      const [hue, style] = [widths.indexOf(width), widths.length > 1 ? before : 0];
      return { label, stroke: COLOURS[hue % COLOURS.length], dash: DASHES[style % DASHES.length], width: 1.8 };
    });
    this.build();
  }

  build() {
    const { place, content } = this;
    const choice = element(
      "select",
      { id: "loss-measure" },
      ...content.measures.map(({ name, label }) => element("option", { value: name }, label)),
    );
    choice.addEventListener("change", () => {
      this.measure = choice.value;
      this.plot.show(this.data());
    });
    this.said = element("p", { class: "readout", role: "status" });
    this.frame = element("div", {
      class: "canvas",
      tabindex: 0,
      role: "group",
      "aria-label": `Losses against ${content.x}s. Arrows move the cursor, plus and minus zoom, 0 shows all.`,
    });
    const legend = element("div", { class: "keys", role: "group", "aria-label": "Trainings" });
    this.values = keys(legend, this.curves, (number, shown) => this.plot.chart.setSeries(number + 1, { show: shown }));
    place.append(
      element(
        "div",
        { class: "controls" },
        element("label", { for: "loss-measure" }, "Show "),
        choice,
        element(
          "span",
          { class: "buttons" },
          button("+", () => this.plot.zoom(0.5), { "aria-label": "Zoom in" }),
          button("−", () => this.plot.zoom(2), { "aria-label": "Zoom out" }),
          button("All", () => this.plot.whole()),
        ),
      ),
      this.frame,
      legend,
      this.said,
    );
    const scale = content.symmetric ? { distr: 4, asinh: LINEAR } : {};
    this.plot = new Plot(
      this.frame,
      {
        scales: { x: { time: false }, y: scale },
        axes: [
          axis(content.x, { values: ticks, size: 32 }),
          axis(content.y, { values: ticks, size: 64, ...(content.symmetric ? { splits: decades } : {}) }),
        ],
        hooks: { draw: [(chart) => this.mark(chart)] },
        series: [
          {},
          ...this.curves.map(({ label, stroke, dash, width }) => ({
            label,
            stroke: () => colour(stroke),
            dash,
            width,
            spanGaps: true,
            points: { show: false },
          })),
        ],
      },
      this.data(),
      (chart) => this.tell(chart),
    );
    this.plot.listen();
    this.tell(this.plot.chart);
  }

  data() {
    return [this.content.at, ...this.content.curves.map((curve) => curve.values[this.measure])];
  }

  /** Rings at the critical epochs, and a line across at zero. */
  mark(chart) {
    if (this.measure !== "loss" || !this.content.symmetric) return;
    const { ctx, bbox } = chart;
    ctx.save();
    ctx.lineWidth = devicePixelRatio;
    ctx.strokeStyle = colour("--soft");
    const zero = chart.valToPos(0, "y", true);
    if (zero > bbox.top && zero < bbox.top + bbox.height) {
      ctx.beginPath();
      ctx.moveTo(bbox.left, zero);
      ctx.lineTo(bbox.left + bbox.width, zero);
      ctx.stroke();
    }
    ctx.lineWidth = 2 * devicePixelRatio;
    this.content.curves.forEach(({ critical, values }, k) => {
      if (critical == null || !chart.series[k + 1].show) return;
      const x = chart.valToPos(critical, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) return;
      ctx.strokeStyle = colour(this.curves[k].stroke);
      ctx.fillStyle = colour("--paper");
      ctx.beginPath();
      ctx.arc(x, chart.valToPos(values.loss[critical - 1], "y", true), 4.5 * devicePixelRatio, 0, 2 * Math.PI);
      ctx.fill();
      ctx.stroke();
    });
    ctx.restore();
  }

  tell(chart) {
    if (!chart) return; // while it is being made
    const { idx } = chart.cursor;
    this.values.forEach((value, k) => {
      value.textContent = idx == null ? "" : number(chart.data[k + 1][idx], 3);
    });
    const { x, at, curves, symmetric } = this.content;
    const critical = curves.map(({ label, critical: epoch }) => `${label}: ${epoch ?? "none"}`).join("; ");
    const where = idx == null ? "" : `${x} ${at[idx]}. `;
    const rings = symmetric ? `Critical epochs, ringed: ${critical}.` : "";
    this.said.textContent = `${where.charAt(0).toUpperCase()}${where.slice(1)}${rings}`;
  }
}

/** Zero, and powers of ten on its two sides, as far as the axis goes. */
function decades(_, axis, low, high) {
  const found = [];
  for (let power = Math.log10(LINEAR); power < 9; power += 1) {
    const size = 10 ** Math.round(power);
    if (-size >= low) found.unshift(-size);
    if (size <= high) found.push(size);
  }
  const at = found.findIndex((value) => value > 0);
  found.splice(at < 0 ? found.length : at, 0, 0);
  return found.filter((value) => value >= low && value <= high);
}
