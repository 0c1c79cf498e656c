// What is played, and where: the recording, or the way back from one of its frames.
import { palette } from "./drawing.js";
import { Following } from "./following.js";
import { speeds } from "./measures.js";
import { Measurements } from "./measurements.js";
import { Replay } from "./replay.js";
import { Scene } from "./scene.js";
import { waysBack } from "./ways.js";
import { roughly } from "./words.js";

const FRAMES_A_SECOND = 30; // of the run, at speed 1
const SIDE_LOOKS = 40; // milliseconds between two drawings of charts and words while the disks move
const SLICE = 25; // milliseconds of work between two looks at the reader

export class Player {
  /** `stored` are the ways back in the page, { label, recording }. */
  constructor(page, { recording, stored }, elements, host) {
    Object.assign(this, { page, recording, stored, elements, host });
    this.recorded = new Replay(recording);
    this.replay = this.recorded; // what is on the screen
    this.at = 0; // of that, in frames
    this.back = null; // { turned, ways, way } while time is reversed: which there are, and which one is on the screen
    this.playing = false;
    this.busy = false;
    this.rate = 1;
    this.asked = false; // whether the browser has been asked for a frame
    this.besideDrawn = 0; // when
    this.following = null;
    this.x = new Float64Array(2 * recording.n);
    this.ghosts = new Float64Array(2 * recording.n);
    this.speeds = new Float64Array(recording.n);
    this.scene = new Scene(elements.disks, recording, page.speed);
    const { h, speeds: histogram, separation: apart } = elements;
    this.measurements = new Measurements(page, recording, { h, speeds: histogram, separation: apart });
    this.measurements.legend(elements["h-legend"]);
    this.dress();
  }

  /** The frame of the recording that is on the screen; on the way back it falls. */
  get shown() {
    return this.back ? this.back.turned - this.at : this.at;
  }

  /** Go to a frame of the recording. */
  go(shown) {
    const last = this.back ? this.back.turned : this.recording.frames;
    const within = Math.min(last, Math.max(0, shown));
    this.at = this.back ? this.back.turned - within : within;
    this.refresh();
  }

  play(playing = !this.playing) {
    this.playing = playing;
    if (playing && this.at >= this.replay.recording.frames) this.at = 0;
    this.elements.play.textContent = playing ? "Pause" : "Play";
    this.last = null;
    this.refresh();
  }

  /** Take the colours of the page, which may have changed. */
  dress() {
    this.colours = palette(this.host);
    this.scene.dress(this.colours);
    this.refresh();
  }

  /** Draw at once, in the colours that the page has now: paper does not wait. */
  redraw() {
    this.dress();
    this.draw(true);
  }

  /** Draw, once the browser is about to. */
  refresh() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame((now) => {
      this.asked = false;
      if (this.playing) this.advance(now);
      const beside = !this.playing || now - this.besideDrawn > SIDE_LOOKS;
      if (beside) this.besideDrawn = now;
      this.draw(beside);
      if (this.playing) this.refresh();
    });
  }

  advance(now) {
    const passed = this.last === null ? 0 : Math.min(now - this.last, 250); // a page in the background waits
    this.last = now;
    this.at = Math.min(this.replay.recording.frames, this.at + (passed / 1000) * FRAMES_A_SECOND * this.rate);
    if (this.at === this.replay.recording.frames) this.play(false);
  }

  /** Draw the disks and, where that is asked for, what is beside them. */
  draw(beside) {
    const { replay, at, shown, following, elements } = this;
    replay.seek(at);
    replay.positions(this.x);
    speeds(replay.v, this.speeds);
    const followed = following && { disk: following.disk, trail: following.trail(at) };
    const ghosts = this.back?.way.separation && this.whereTheyHadBeen(shown);
    this.scene.draw(this.x, this.speeds, replay.angles(), followed, ghosts);
    if (!beside) return;
    this.measurements.draw(this.colours, shown, this.speeds, this.back);
    this.say(shown);
    if (following) elements.followed.textContent = following.describe(at);
  }

  whereTheyHadBeen(shown) {
    this.recorded.seek(shown);
    return this.recorded.positions(this.ghosts);
  }

  say(shown) {
    const { recording, elements, back } = this;
    const time = (shown * recording.dt).toFixed(2);
    const way = back ? `, on the way back from ${(back.turned * recording.dt).toFixed(2)}` : "";
    const text = `Time ${time}, frame ${Math.floor(shown + 1e-9)} of ${recording.frames}${way}`;
    elements.clock.textContent = text;
    elements.time.value = String(Math.round(shown));
    elements.time.setAttribute("aria-valuetext", text);
    if (!this.busy) elements.reverse.disabled = !back && shown < 1;
    if (back) this.compare(shown);
  }

  // ---- One disk ------------------------------------------------------------------------------------------------

  /** Follow a disk; none where it is null. */
  follow(disk) {
    const { elements, replay } = this;
    this.following = null;
    if (disk !== null) {
      this.following = new Following(replay.recording, disk, {
        go: (frame) => this.go(this.back ? this.back.turned - frame : frame),
        follow: (other) => this.follow(other),
        shown: (frame) => (this.back ? this.back.turned - frame : frame),
      });
      elements.collisions.replaceChildren(this.following.table());
    }
    elements.collisions.hidden = disk === null;
    elements.unfollow.hidden = disk === null;
    elements.disk.value = disk === null ? "" : String(disk);
    if (disk === null) elements.followed.textContent = "Click a disk, or give its number, to follow it.";
    this.refresh();
  }

  // ---- Time reversed -------------------------------------------------------------------------------------------

  /** Reverse time at the present frame, or return from the way back to the recording. */
  async reverse() {
    if (this.busy) return;
    if (this.back) this.show(this.recorded, this.shown, null);
    else if (this.at >= 1) await this.turn(Math.floor(this.at));
  }

  async turn(turned) {
    const { recording, stored, page, elements } = this;
    this.play(false);
    this.busy = true;
    elements.reverse.disabled = true;
    const ways = await this.worked(waysBack(recording, stored, page, turned));
    this.busy = false;
    elements.reverse.disabled = false;
    this.show(ways[0].replay, 0, { turned, ways, way: ways[0] });
    if (!calm()) this.play(true);
  }

  show(replay, at, back) {
    Object.assign(this, { replay, at, back });
    const { elements, stored } = this;
    elements.reverse.textContent = back ? "Back to the recording" : "Reverse time here";
    elements.ways.hidden = !back;
    elements["separation-figure"].hidden = !back?.ways.some((way) => way.separation);
    if (back) {
      elements["ways-list"].replaceChildren(...back.ways.map((way) => this.choice(way)));
      const elsewhere = stored.filter(({ recording: { frames } }) => frames !== back.turned);
      elements["ways-note"].textContent = elsewhere
        .map(({ label, recording: { frames, dt } }) => `${label}: stored for time turned at ${(frames * dt).toFixed(2)}.`)
        .join(" ");
      this.measurements.legendOfWays(elements["ways-legend"], back.ways);
    }
    if (this.following) this.follow(this.following.disk); // its collisions are others now
    this.refresh();
  }

  /** What chooses a way back for the screen, and says how it stands. */
  choice(way) {
    const line = document.createElement("label");
    const button = Object.assign(document.createElement("input"), { type: "radio", name: "way", checked: way === this.back.way });
    button.addEventListener("change", () => this.choose(way));
    const name = Object.assign(document.createElement("span"), { className: "key", textContent: way.name });
    name.style.setProperty("--key", `var(--${way.colour})`);
    way.said = document.createElement("output");
    line.append(button, name, way.said);
    return line;
  }

  /** Put a way back on the screen. */
  choose(way) {
    this.replay = way.replay;
    this.back.way = way;
    if (this.following) this.follow(this.following.disk); // its collisions are others now
    this.refresh();
  }

  /** Say how every way back stands, and at the start which came back. */
  compare(shown) {
    const { turned, ways } = this.back;
    const frame = Math.ceil(shown - 1e-9);
    for (const { said, h, separation } of ways) {
      const apart = separation ? `worst disk ${roughly(separation.largest[frame])} diameters off` : "what had been";
      said.textContent = `H ${h[turned - frame].toFixed(2)}, ${apart}`;
    }
    this.elements.verdict.textContent = frame === 0 ? ways.filter((way) => way.separation).map(verdict).join(" ") : "";
  }

  /** What a generator returns, worked at in slices, its progress on the button. */
  async worked(work) {
    let step = work.next();
    while (!step.done) {
      const until = performance.now() + SLICE;
      while (!step.done && performance.now() < until) step = work.next();
      if (step.done) break;
      this.elements.reverse.textContent = `${step.value.name}: ${Math.round(100 * step.value.share)} %`;
      await new Promise((resume) => {
        setTimeout(resume);
      });
    }
    return step.value;
  }
}

const RETURNED = 0.01; // diameters

/** Whether a way back came back. */
function verdict({ name, separation: { largest } }) {
  const far = roughly(largest[0]);
  return largest[0] < RETURNED
    ? `In ${name}, it is back: every disk is within ${far} diameters of where it began.`
    : `In ${name}, it is not back: a disk is ${far} diameters from where it began.`;
}

/** Whether the reader has asked for little motion. */
export function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
