// The three charts beside the disks.
import { Chart } from "./chart.js";
import { counts, maxwell } from "./measures.js";

const SPEED_BINS = 41; // s0 is not at an edge
const SPEEDS_TO = 3; // s0
const FIT_COLOURS = ["red", "green", "purple"];
const FLOOR = 1e-16; // diameters that are drawn
const DASHES = [[6, 3], [2, 2], [8, 3, 2, 3]];

export class Measurements {
  constructor(page, recording, canvases) {
    Object.assign(this, { page, recording, canvases });
    const all = [page.h, ...page.fits.map((fit) => fit.values)].flat().filter(Number.isFinite);
    const [least, most] = [Math.min(...all), Math.max(...all)];
    const room = 0.06 * (most - least || 1);
    this.h = { from: least - room, to: most + room, label: "H (nats)" };
    this.highest = 1.9; // of the density times s0; what is higher is cut off, as all disks at s0 are
  }

  get time() {
    return { from: 0, to: this.recording.frames * this.recording.dt, label: "time" };
  }

  /** What the colours of the chart of H mean. */
  legend(place) {
    place.replaceChildren(key("H", "--key: var(--blue)"));
    this.page.fits.forEach((fit, k) => {
      place.append(" ", key(fit.label, `--key: var(--${FIT_COLOURS[k % FIT_COLOURS.length]})`, "dashed"));
    });
    place.append(" ", key("on the ways back", "--key: var(--ink)", "dashed"));
    this.backKey = place.lastElementChild;
    this.backKey.hidden = true;
  }

  /** What the colours of the chart of separations mean. */
  legendOfWays(place, ways) {
    place.replaceChildren(
      ...ways.filter((way) => way.separation).flatMap(({ name, colour }) => [key(name, `--key: var(--${colour})`), " "]),
      "(largest of all disks; dashed: median)",
    );
  }

  /** Draw all at a frame of the recording; `back` is { turned, ways } on the way back. */
  draw(colours, shown, speeds, back) {
    this.drawH(colours, shown, back);
    this.drawSpeeds(colours, speeds);
    this.backKey.hidden = !back;
    if (back) this.drawSeparation(colours, shown, back);
  }

  drawH(colours, shown, back) {
    const { page, recording } = this;
    const chart = new Chart(this.canvases.h, colours, this.time, this.h);
    const at = (k) => (k + 1) * recording.dt; // the start is no frame
    const last = Math.min(page.h.length - 1, Math.floor(back ? back.turned : shown) - 1);
    const draw = (values, style) => {
      chart.line(values, at, { ...style, faint: true });
      chart.line(values, at, { ...style, last });
    };
    page.fits.forEach((fit, k) => {
      const colour = colours[FIT_COLOURS[k % FIT_COLOURS.length]];
      draw(fit.values, { colour, dash: DASHES[k % DASHES.length], width: 1.5 });
    });
    draw(page.h, { colour: colours.blue });
    if (back) {
      const since = Math.floor(back.turned - shown + 1e-9);
      const then = (k) => (back.turned - k) * recording.dt;
      for (const { h, colour, separation } of back.ways) {
        if (separation) chart.line(h, then, { last: since, colour: colours[colour], dash: [5, 5] }); // over the way forth
      }
    }
    chart.cursor(shown * recording.dt);
  }

  drawSpeeds(colours, speeds) {
    const { speed: s0, tends } = this.page;
    const chart = new Chart(
      this.canvases.speeds,
      colours,
      { from: 0, to: SPEEDS_TO, label: "speed / s₀" },
      { from: 0, to: this.highest, label: "density × s₀" },
    );
    const width = SPEEDS_TO / SPEED_BINS;
    const found = counts(speeds, SPEEDS_TO * s0, SPEED_BINS);
    chart.bars(found.map((count) => count / (speeds.length * width)), colours.blue);
    if (!tends.length) return; // disks that lose energy tend to rest
    const tended = (speed) => tends.reduce((sum, [share, temperature]) => sum + share * maxwell(speed, temperature), 0);
    const curve = Array.from({ length: 121 }, (_, k) => s0 * tended((k * SPEEDS_TO * s0) / 120));
    chart.line(curve, (k) => (k * SPEEDS_TO) / 120, { colour: colours.red, dash: [6, 3] });
  }

  drawSeparation(colours, shown, { turned, ways }) {
    const logs = (values) => Array.from(values, (value) => Math.log10(Math.max(value, FLOOR)));
    const chart = new Chart(this.canvases.separation, colours, this.time, {
      from: Math.log10(FLOOR),
      to: Math.ceil(Math.log10(this.recording.box / this.recording.diameter)),
      label: "diameters",
      powers: true,
    });
    const at = (frame) => frame * this.recording.dt;
    const since = Math.max(0, Math.ceil(shown - 1e-9));
    for (const { separation, colour: name } of ways) {
      if (!separation) continue;
      const colour = colours[name];
      for (const [values, dash] of [[logs(separation.largest), []], [logs(separation.median), [6, 3]]]) {
        chart.line(values, at, { colour, dash, last: turned, faint: true });
        chart.line(values, at, { colour, dash, first: since, last: turned });
      }
    }
    chart.cursor(shown * this.recording.dt);
  }
}

function key(text, style, kind = "") {
  const made = document.createElement("span");
  made.className = `key ${kind}`;
  made.style.cssText = style;
  made.textContent = text;
  return made;
}
