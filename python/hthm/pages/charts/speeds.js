// The distribution of the speeds at a dragged time, beside that of Maxwell and Boltzmann.
import { unpacked } from "./packed.js";
import { Plot, axis, button, colour, element, keys, ticks } from "./plot.js";
import { fixed, number } from "./words.js";

const FINE = 10; // points a bin
const CURVES = [
  { label: "measured", stroke: "--blue", dash: [], width: 1.6 },
  { label: "Maxwell–Boltzmann", stroke: "--red", dash: [8, 3], width: 2 },
];
const STEP = 60; // milliseconds a frame when it plays

export class SpeedsChart {
  constructor(place, content) {
    Object.assign(this, { place, content });
    this.counts = unpacked(content.counts);
    this.bins = content.edges.length - 1;
    this.width = content.edges[1] - content.edges[0];
    this.xs = Array.from({ length: FINE * this.bins + 1 }, (_, k) => content.edges[0] + (k * this.width) / FINE);
    this.maxwell = this.xs.map((s) => 2 * s * Math.exp(-s * s));
    this.logarithmic = true;
    this.build();
    this.draw();
    this.at(content.first);
  }

  build() {
    const { place, content } = this;
    this.slider = element("input", { type: "range", min: 0, max: content.times.length - 1, step: 1, "aria-label": "Time" });
    this.slider.addEventListener("input", () => this.at(this.slider.valueAsNumber));
    this.player = button("Play", () => this.play());
    this.clock = element("output", { class: "of" });
    const log = element("input", { type: "checkbox", checked: true });
    log.addEventListener("change", () => {
      this.logarithmic = log.checked;
      this.draw();
    });
    this.said = element("p", { class: "readout", role: "status" });
    this.frame = element("div", {
      class: "canvas",
      tabindex: 0,
      role: "group",
      "aria-label": "Density of the speeds. Arrows move the cursor, page up and page down go forth and back in time.",
    });
    const legend = element("div", { class: "keys", role: "group", "aria-label": "Curves" });
    this.values = keys(legend, CURVES, (number, shown) => {
      CURVES[number].shown = shown;
      this.plot.chart.setSeries(number + 1, { show: shown });
    });
    place.append(
      element(
        "div",
        { class: "controls" },
        this.player,
        this.slider,
        this.clock,
        element("label", { class: "tick" }, log, "logarithmic"),
      ),
      this.frame,
      legend,
      this.said,
    );
  }

  draw() {
    this.plot?.leave();
    const y = this.logarithmic ? { distr: 3, range: (_, low, high) => [10 ** Math.floor(Math.log10(this.least())), Math.max(2, 2 * high)] } : { range: (_, low, high) => [0, 1.05 * Math.max(1, high)] };
    this.plot = new Plot(
      this.frame,
      {
        scales: { x: { time: false }, y },
        axes: [axis("speed s / s₀", { values: ticks, size: 32 }), axis("density × s₀", { values: ticks, size: 56 })],
        cursor: { drag: { x: false, y: false }, points: { size: 6 }, y: false },
        series: [
          {},
          ...CURVES.map(({ label, stroke, dash, width, shown = true }, k) => ({
            label,
            show: shown,
            stroke: () => colour(stroke),
            fill: k === 0 ? () => `${colour(stroke)}44` : undefined,
            fillTo: k === 0 ? () => (this.logarithmic ? this.least() / 10 : 0) : undefined,
            paths: k === 0 ? uPlot.paths.stepped({ align: 1 }) : undefined,
            dash,
            width,
            points: { show: false },
          })),
        ],
      },
      this.data(),
      (chart) => this.tell(chart),
    );
    if (!this.heard) {
      this.heard = true;
      const hear = (key, act) =>
        this.frame.addEventListener("keydown", (event) => {
          if (event.key !== key || event.ctrlKey || event.metaKey || event.altKey) return;
          event.preventDefault();
          act(event);
        });
      hear("ArrowLeft", (event) => this.toBin((this.bin ?? this.bins) - (event.shiftKey ? 10 : 1)));
      hear("ArrowRight", (event) => this.toBin((this.bin ?? -1) + (event.shiftKey ? 10 : 1)));
      hear("Home", () => this.toBin(0));
      hear("End", () => this.toBin(this.bins - 1));
      hear("PageUp", () => this.at(this.shown + 1));
      hear("PageDown", () => this.at(this.shown - 1));
    }
  }

  /** Put the cursor into the middle of a bin. */
  toBin(bin) {
    this.bin = Math.min(this.bins - 1, Math.max(0, bin));
    this.plot.to(this.bin * FINE + FINE / 2);
  }

  /** Half of what a single disk adds. */
  least() {
    return 0.5 / (this.content.total * this.width);
  }

  data() {
    const { counts, bins, content } = this;
    const first = (this.shown ?? 0) * bins;
    const scale = 1 / (content.total * this.width);
    const density = this.xs.map((_, k) => {
      const count = counts[first + Math.min(bins - 1, Math.floor(k / FINE))];
      return count > 0 || !this.logarithmic ? count * scale : this.least() / 10; // out of sight
    });
    return [this.xs, density, this.maxwell];
  }

  at(frame) {
    const { times } = this.content;
    this.shown = Math.min(times.length - 1, Math.max(0, frame));
    this.slider.value = this.shown;
    const text = `t = ${fixed(times[this.shown], 2)}`;
    this.slider.setAttribute("aria-valuetext", text);
    this.clock.textContent = text;
    this.plot.show(this.data());
    this.tell(this.plot.chart);
  }

  play() {
    if (this.playing) {
      clearInterval(this.playing);
      this.playing = null;
    } else {
      if (this.shown === this.content.times.length - 1) this.at(0);
      this.playing = setInterval(() => {
        this.at(this.shown + 1);
        if (this.shown === this.content.times.length - 1) this.play();
      }, STEP);
    }
    this.player.textContent = this.playing ? "Pause" : "Play";
  }

  tell(chart) {
    if (!chart) return; // while it is being made
    const { counts, bins, content } = this;
    const own = counts.subarray(this.shown * bins, (this.shown + 1) * bins);
    const inside = own.reduce((sum, count) => sum + count, 0);
    const { idx } = chart.cursor;
    const bin = idx == null ? null : Math.min(bins - 1, Math.floor(idx / FINE));
    this.bin = bin;
    this.values[0].textContent = bin == null ? "" : number((own[bin] / content.total) / this.width, 3);
    this.values[1].textContent = bin == null ? "" : number(this.maxwell[idx], 3);
    const where =
      bin == null
        ? ""
        : `Between ${fixed(content.edges[bin], 2)} and ${fixed(content.edges[bin + 1], 2)} s₀: ${own[bin]} of ${content.total} disks. `;
    const beyond = (100 * (content.total - inside)) / content.total;
    this.said.textContent = `${where}At ${this.clock.textContent}, ${fixed(beyond, 2)} % are faster than 2 s₀; at equilibrium ${fixed(100 * Math.exp(-4), 2)} % are.`;
  }
}
