// What is played, and where: the recording, or the way back from one of its frames.
import { palette } from "./drawing.js";
import { Following } from "./following.js";
import { speeds } from "./measures.js";
import { Measurements } from "./measurements.js";
import { Replay } from "./replay.js";
import { canReverse, reversed, separation, speedHs } from "./reversal.js";
import { Scene } from "./scene.js";

const FRAMES_A_SECOND = 30; // of the run, at speed 1
const SIDE_LOOKS = 40; // milliseconds between two drawings of charts and words while the disks move
const SLICE = 25; // milliseconds of work between two looks at the reader

export class Player {
  constructor(page, recording, elements, host) {
    Object.assign(this, { page, recording, elements, host });
    this.recorded = new Replay(recording);
    this.replay = this.recorded; // what is on the screen
    this.at = 0; // of that, in frames
    this.back = null; // { turned, h, separation } while time is reversed
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
    this.scene.draw(this.x, this.speeds, followed, this.back && this.whereTheyHadBeen(shown));
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
    if (!this.busy) elements.reverse.disabled = !back && (shown < 1 || !canReverse(recording));
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
    else if (this.at >= 1 && canReverse(this.recording)) await this.turn(Math.floor(this.at));
  }

  async turn(turned) {
    const { recording, page, elements } = this;
    this.play(false);
    this.busy = true;
    elements.reverse.disabled = true;
    const run = await this.worked(reversed(recording, turned), "Going back");
    const apart = await this.worked(separation(recording, run), "Comparing");
    const h = await this.worked(speedHs(run, page.speed), "Measuring");
    this.busy = false;
    elements.reverse.disabled = false;
    this.show(new Replay(run), 0, { turned, h, separation: apart });
    if (!calm()) this.play(true);
  }

  show(replay, at, back) {
    Object.assign(this, { replay, at, back });
    this.elements.reverse.textContent = back ? "Back to the recording" : "Reverse time here";
    this.elements["separation-figure"].hidden = !back;
    if (this.following) this.follow(this.following.disk); // its collisions are others now
    this.refresh();
  }

  /** What a generator returns, worked at in slices, its progress on the button. */
  async worked(work, name) {
    let step = work.next();
    while (!step.done) {
      const until = performance.now() + SLICE;
      while (!step.done && performance.now() < until) step = work.next();
      if (step.done) break;
      this.elements.reverse.textContent = `${name}: ${Math.round(100 * step.value)} %`;
      await new Promise((resume) => {
        setTimeout(resume);
      });
    }
    return step.value;
  }
}

/** Whether the reader has asked for little motion. */
export function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
