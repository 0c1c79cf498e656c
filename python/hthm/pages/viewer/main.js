// The viewer begins here: read the run, connect the controls and the keys.
import { Player, calm } from "./player.js";
import { read } from "./recording.js";
import { Replay, distances } from "./replay.js";
import { roughly } from "./words.js";

const NAMES = [
  "viewer", "disks", "time", "play", "speed", "reverse", "clock", "h", "h-legend", "speeds", "separation",
  "separation-figure", "ways", "ways-list", "ways-note", "ways-legend", "verdict", "disk", "unfollow", "followed",
  "collisions", "checked", "trouble", "maxwell",
];

function connectControls(player, { disks, time, play, speed, reverse, disk, unfollow }) {
  play.addEventListener("click", () => player.play());
  time.addEventListener("input", () => player.go(time.valueAsNumber));
  speed.addEventListener("change", () => {
    player.rate = Number(speed.value);
  });
  reverse.addEventListener("click", () => player.reverse());
  unfollow.addEventListener("click", () => player.follow(null));
  disk.addEventListener("change", () => {
    const number = disk.valueAsNumber;
    player.follow(Number.isInteger(number) && number >= 0 && number < player.recording.n ? number : null);
  });
  disks.addEventListener("click", (event) => {
    const found = player.scene.diskAt(event.offsetX, event.offsetY, player.x);
    if (found >= 0) player.follow(found);
  });
}

function connectKeys(player, listening, { time, speed, collisions }) {
  const faster = (by) => {
    speed.selectedIndex = Math.min(speed.length - 1, Math.max(0, speed.selectedIndex + by));
    player.rate = Number(speed.value);
  };
  const keys = {
    " ": () => player.play(),
    ArrowLeft: (event) => player.go(Math.ceil(player.shown - 1e-9) - (event.shiftKey ? 10 : 1)),
    ArrowRight: (event) => player.go(Math.floor(player.shown + 1e-9) + (event.shiftKey ? 10 : 1)),
    Home: () => player.go(0),
    End: () => player.go(player.recording.frames),
    ArrowUp: () => faster(1),
    ArrowDown: () => faster(-1),
    r: () => player.reverse(),
  };
  listening.addEventListener("keydown", (event) => {
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || collisions.contains(target)) return;
    const arrow = event.key.startsWith("Arrow");
    if (target !== time && target.matches(arrow ? "input, select" : "input:not([type=radio]), select")) return; // their own keys
    if (event.key === " " && target.matches("button")) return;
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act(event);
  });
}

/** How far the last frame is from hthm's own, in words. */
function checked(recording) {
  if (!recording.final) return "";
  const replay = new Replay(recording);
  replay.seek(recording.frames);
  const ours = replay.positions(new Float64Array(2 * recording.n));
  if (ours.every((value, k) => value === recording.final[k])) {
    return "Checked just now: after the last frame every position has hthm's bits.";
  }
  const { largest } = distances(ours, recording.final, recording.box, recording.diameter);
  return `Checked just now: after the last frame no disk is further than ${roughly(largest)} diameters from where hthm has it.`;
}

/**
 * Show the run of a root, a document or a shadow root, which has the elements and listens to keys; `host` has the
 * colours. It begins to play by itself only where it may, and the reader has not asked for little motion.
 */
export async function begin(root, host, plays) {
  const elements = Object.fromEntries(NAMES.map((name) => [name, root.getElementById(name)]));
  try {
    const page = JSON.parse(root.getElementById("run").textContent);
    const recording = await read(page, page);
    const stored = await Promise.all(
      page.ways.map(async (way) => ({ label: way.label, recording: await read(page, way) })),
    );
    elements.viewer.hidden = false;
    elements.time.max = String(recording.frames);
    elements.disk.max = String(recording.n - 1);
    const player = new Player(page, { recording, stored }, elements, host);
    connectControls(player, elements);
    connectKeys(player, root, elements);
    elements.checked.textContent = checked(recording);
    elements.maxwell.hidden = !page.tends.length;
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => player.dress());
    new ResizeObserver(() => player.refresh()).observe(elements.viewer);
    for (const [event, printed] of [["beforeprint", true], ["afterprint", false]]) {
      addEventListener(event, () => {
        host.toggleAttribute("data-print", printed);
        player.redraw();
      });
    }
    host.dataset.ready = "yes";
    if (plays && !calm()) player.play(true);
  } catch (error) {
    elements.viewer.hidden = true;
    elements.trouble.textContent = `The run cannot be shown. ${error.message}`;
    elements.trouble.hidden = false;
    throw error;
  }
}
