// H against time with the fitted functionals, for any run.
import { row, unpacked } from "./packed.js";
import { COLOURS, DASHES, Plot, axis, button, colour, element, keys, ticks } from "./plot.js";
import { fixed, number } from "./words.js";

export class HistoryChart {
  constructor(place, content) {
    Object.assign(this, { place, content });
    this.levels = content.curves.map(unpacked);
    this.curves = content.curves.map(({ label }, k) =>
      k === 0
        ? { label, stroke: "--measured", dash: [], width: 2.5 }
        : { label, stroke: COLOURS[(k - 1) % COLOURS.length], dash: DASHES[(k - 1) % DASHES.length], width: 1.8 },
    );
    const means = [{ stroke: "--ink", dash: [1, 3] }, { stroke: "--ink", dash: [12, 4] }];
    content.means.forEach(({ label }, k) => this.curves.push({ label, ...means[k], width: 1.3, shown: false }));
    this.build();
    this.choose(content.first);
  }

  build() {
    const { place, content } = this;
    const last = content.runs - 1;
    const attributes = { min: 0, max: last, step: 1 };
    this.slider = element("input", { type: "range", ...attributes, "aria-label": "Run" });
    this.field = element("input", { type: "number", ...attributes, inputmode: "numeric", id: "run-number" });
    this.slider.addEventListener("input", () => this.choose(this.slider.valueAsNumber));
    this.field.addEventListener("change", () => this.choose(this.field.valueAsNumber));
    this.said = element("p", { class: "readout", role: "status" });
    this.frame = element("div", {
      class: "canvas",
      tabindex: 0,
      role: "group",
      "aria-label": "H against time. Arrows move the cursor, plus and minus zoom, 0 shows the whole run, page up and page down change the run.",
    });
    const legend = element("div", { class: "keys", role: "group", "aria-label": "Curves" });
    this.values = keys(legend, this.curves, (number, shown) => this.plot.chart.setSeries(number + 1, { show: shown }));
    place.append(
      element(
        "div",
        { class: "controls" },
        element("label", { for: "run-number" }, "Run "),
        this.field,
        element("span", { class: "of" }, content.all > content.runs ? `of the first ${content.runs} of ${content.all}` : `of ${content.runs}`),
        this.slider,
        element(
          "span",
          { class: "buttons" },
          button("First 2 units", () => this.plot.between(0, 2), { title: "Look at the beginning, where H falls" }),
          button("+", () => this.plot.zoom(0.5), { "aria-label": "Zoom in" }),
          button("−", () => this.plot.zoom(2), { "aria-label": "Zoom out" }),
          button("Whole run", () => this.plot.whole()),
        ),
      ),
      this.frame,
      legend,
      this.said,
    );
    this.plot = new Plot(
      this.frame,
      {
        scales: { x: { time: false } },
        axes: [axis("time (time units)", { values: ticks, size: 32 }), axis("H (nats)", { values: ticks, size: 52 })],
        series: [
          {},
          ...this.curves.map(({ label, stroke, dash, width, shown = true }) => ({
            label,
            show: shown,
            stroke: () => colour(stroke),
            dash,
            width,
            points: { show: false },
          })),
        ],
      },
      this.data(content.first),
      (chart) => this.tell(chart),
    );
    this.plot.listen({
      PageUp: () => this.choose(this.run + 1),
      PageDown: () => this.choose(this.run - 1),
    });
  }

  data(run) {
    const { times, curves, means } = this.content;
    return [
      times,
      ...curves.map((curve, k) => row(this.levels[k], curve, run, times.length)),
      ...means.map(({ values }) => values),
    ];
  }

  choose(wanted) {
    const { runs } = this.content;
    const run = Number.isInteger(wanted) ? Math.min(runs - 1, Math.max(0, wanted)) : this.run;
    this.run = run;
    this.slider.value = run;
    this.field.value = run;
    this.slider.setAttribute("aria-valuetext", `run ${run}`);
    this.plot.show(this.data(run));
    this.tell(this.plot.chart);
  }

  /** The fits of the run in words, and what lies under the cursor. */
  tell(chart) {
    if (!chart) return; // while it is being made
    const { idx } = chart.cursor;
    this.values.forEach((value, k) => {
      value.textContent = idx == null ? "" : fixed(chart.data[k + 1][idx], 3);
    });
    const fits = this.content.curves
      .slice(1)
      .map(({ short, mse }) => `${short}: ${mse[this.run] == null ? "no fit" : number(mse[this.run], 3)}`);
    const at = idx == null ? "" : `At time ${fixed(this.content.times[idx], 3)}. `;
    this.said.textContent = `${at}Run ${this.run}${fits.length ? `, mean square of H − a·h − b: ${fits.join("; ")}` : ""}.`;
  }
}
