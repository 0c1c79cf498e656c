// One disk that is followed: its way, and a table of its collisions.
import { frameOf, rowsOf } from "./recording.js";

const MOST_ROWS = 400;
const TRAIL = 90; // frames

export class Following {
  /** `go` takes a frame of the recording, `follow` a disk; `shown` makes the reader's time of a frame. */
  constructor(recording, disk, { go, follow, shown }) {
    this.recording = recording;
    this.disk = disk;
    this.rows = rowsOf(recording, disk);
    this.frames = this.rows.map((row) => frameOf(recording, row));
    this.turns = this.turningPoints();
    Object.assign(this, { go, follow, shown });
  }

  /** Where it has turned, without the box; the first point is the start. */
  turningPoints() {
    const { positions, velocities, pairs, after, spins, spun, dt } = this.recording;
    const { disk } = this;
    const [x, y, vx, vy] = [positions[2 * disk], positions[2 * disk + 1], velocities[2 * disk], velocities[2 * disk + 1]];
    let point = { at: 0, x, y, vx, vy, spin: spins?.[disk] };
    const points = [point];
    this.rows.forEach((row, k) => {
      const passed = (this.frames[k] - point.at) * dt;
      const number = 2 * row + (pairs[2 * row] === disk ? 0 : 1);
      const [x, y] = [point.x + point.vx * passed, point.y + point.vy * passed];
      point = { at: this.frames[k], x, y, vx: after[2 * number], vy: after[2 * number + 1], spin: spun?.[number] };
      points.push(point);
    });
    return points;
  }

  place(at) {
    const turn = this.turns[this.collisionsUntil(at)];
    const passed = (at - turn.at) * this.recording.dt;
    return { x: turn.x + turn.vx * passed, y: turn.y + turn.vy * passed };
  }

  /** The way it has come in the last frames, to be drawn. */
  trail(at) {
    const from = Math.max(0, at - TRAIL);
    const between = this.turns.slice(this.collisionsUntil(from) + 1, this.collisionsUntil(at) + 1);
    return [this.place(from), ...between, this.place(at)];
  }

  collisionsUntil(at) {
    let count = 0;
    while (count < this.frames.length && this.frames[count] <= at) count += 1;
    return count;
  }

  /** The table, a row a collision. */
  table() {
    const table = document.createElement("table");
    const head = table.createTHead().insertRow();
    for (const title of ["time", "with disk", "speed before", "after"]) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = title;
      head.append(cell);
    }
    const body = table.createTBody();
    const { pairs, dt } = this.recording;
    this.rows.slice(0, MOST_ROWS).forEach((row, k) => {
      const line = body.insertRow();
      const partner = pairs[2 * row] === this.disk ? pairs[2 * row + 1] : pairs[2 * row];
      const time = (this.shown(this.frames[k]) * dt).toFixed(3);
      line.insertCell().append(button(time, `Go to time ${time}`, () => this.go(this.frames[k])));
      line.insertCell().append(button(String(partner), `Follow disk ${partner}`, () => this.follow(partner)));
      for (const turn of [this.turns[k], this.turns[k + 1]]) {
        line.insertCell().textContent = Math.hypot(turn.vx, turn.vy).toPrecision(4);
      }
    });
    this.lines = [...body.rows];
    return table;
  }

  /** What is said of it, and which collisions are behind it. */
  describe(at) {
    const behind = this.collisionsUntil(at);
    if (behind !== this.behind) {
      this.behind = behind;
      this.lines.forEach((line, k) => {
        line.className = k < behind ? "past" : "ahead";
      });
    }
    const more = this.rows.length > MOST_ROWS ? ` The first ${MOST_ROWS} are listed.` : "";
    const turn = this.turns[behind];
    const speed = Math.hypot(turn.vx, turn.vy).toPrecision(4);
    const spin = turn.spin === undefined ? "" : `, spin ${turn.spin.toPrecision(4)}`;
    return `Disk ${this.disk}: speed ${speed}${spin}, ${behind} of ${this.rows.length} collisions behind it.${more}`;
  }
}

function button(text, label, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "link";
  made.textContent = text;
  made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}
