// The disks in their box.
import { fresh, ramp } from "./drawing.js";
import { nearest } from "./rule.js";
import { Stamps } from "./stamps.js";

const STEPS = 64; // of the colours
const LEAST_RADIUS = 0.8; // pixels
const LEAST_MARKED = 2.5; // pixels of the screen
const NEAR = 12; // pixels of the screen: so far from the middle of a disk a click beside all of them is for it
const MOST_STAMPED = 24; // pixels of the screen: larger disks are few, and are drawn as circles

export class Scene {
  constructor(canvas, { n, box, diameter, radii }, s0) {
    Object.assign(this, { canvas, n, box, diameter, s0 });
    this.radii = radii ?? new Float64Array(n).fill(diameter / 2);
    this.alike = disksByRadius(this.radii);
    this.colour = new Uint8Array(n);
    this.stamps = new Map(); // by radius in pixels of the screen
  }

  /** Take the colours of the page. */
  dress(colours) {
    this.colours = colours;
    this.ramp = ramp(colours, STEPS);
    this.stamps.clear();
  }

  /**
   * Draw disks at positions x with these speeds, turned by these angles, if any; `followed` is { disk, trail } and
   * `ghosts` where they had been.
   */
  draw(x, speeds, angles, followed, ghosts) {
    const { context, width } = fresh(this.canvas);
    const scale = width / this.box;
    context.setTransform(this.canvas.width / this.box, 0, 0, -this.canvas.height / this.box, 0, this.canvas.height);
    this.drawDisks(context, x, speeds, LEAST_RADIUS / scale);
    if (angles) this.drawMarks(context, x, angles, 1 / scale);
    if (followed) this.drawTrail(context, followed.trail, 2 / scale);
    if (ghosts) this.drawGhosts(context, x, ghosts, 1 / scale);
    if (followed) this.ring(context, x, followed.disk, 1 / scale);
  }

  /**
   * The disk at a place of the canvas, in CSS pixels: of those that hold it, the one whose middle is fewest of its own
   * radii away; else the nearest of those close by; -1 where there is none.
   */
  diskAt(px, py, x) {
    const scale = this.canvas.clientWidth / this.box;
    const [atX, atY] = [px / scale, this.box - py / scale];
    let least = 2;
    let found = -1;
    for (let disk = 0; disk < this.n; disk += 1) {
      const dx = nearest(x[2 * disk] - atX, this.box);
      const dy = nearest(x[2 * disk + 1] - atY, this.box);
      const apart = Math.hypot(dx, dy);
      const share = apart < this.radii[disk] ? apart / this.radii[disk] : 1 + (apart * scale) / NEAR;
      if (share < least) {
        least = share;
        found = disk;
      }
    }
    return found;
  }

  /** Disks are drawn with their radius, or the least, so that there is something to be seen. */
  drawDisks(context, x, speeds, least) {
    for (let disk = 0; disk < this.n; disk += 1) {
      this.colour[disk] = Math.min(STEPS - 1, Math.floor((speeds[disk] / (2 * this.s0)) * STEPS));
    }
    const largest = Math.max(this.diameter / 2, least);
    if ((largest / this.box) * this.canvas.width <= MOST_STAMPED) this.stampDisks(context, x, least);
    else this.fillDisks(context, x, least);
  }

  stampDisks(context, x, least) {
    const { canvas, colour, radii } = this;
    const { width } = canvas;
    const scale = width / this.box;
    if (this.image?.width !== width) {
      this.image = context.createImageData(width, width);
      this.pixels = new Uint32Array(this.image.data.buffer);
      this.stamps.clear();
    }
    this.pixels.fill(0);
    for (let disk = 0; disk < this.n; disk += 1) {
      const down = width - x[2 * disk + 1] * scale;
      const stamps = this.stampsOf(Math.max(radii[disk], least) * scale);
      stamps.press(this.pixels, width, colour[disk], x[2 * disk] * scale, down);
    }
    context.putImageData(this.image, 0, 0);
  }

  stampsOf(radius) {
    if (!this.stamps.has(radius)) this.stamps.set(radius, new Stamps(this.ramp, radius));
    return this.stamps.get(radius);
  }

  /** A path a colour. */
  fillDisks(context, x, least) {
    for (let step = 0; step < STEPS; step += 1) {
      context.beginPath();
      for (let disk = 0; disk < this.n; disk += 1) {
        if (this.colour[disk] !== step) continue;
        this.addDisk(context, x[2 * disk], x[2 * disk + 1], Math.max(this.radii[disk], least));
      }
      context.fillStyle = `rgb(${this.ramp[step].join(" ")})`;
      context.fill();
    }
  }

  /** A disk, and its images where it stands across the border. */
  addDisk(context, atX, atY, radius) {
    this.atImages(atX, atY, radius, (imageX, imageY) => circle(context, imageX, imageY, radius));
  }

  /** Do something at the place of a disk, and at its images where it stands across the border. */
  atImages(atX, atY, radius, act) {
    const { box } = this;
    const besideX = atX < radius ? box : atX > box - radius ? -box : 0;
    const besideY = atY < radius ? box : atY > box - radius ? -box : 0;
    act(atX, atY);
    if (besideX) act(atX + besideX, atY);
    if (besideY) act(atX, atY + besideY);
    if (besideX && besideY) act(atX + besideX, atY + besideY);
  }

  /** A line from the middle of every disk to its rim, which turns with it, as wide as becomes its size. */
  drawMarks(context, x, angles, pixel) {
    context.strokeStyle = this.colours.paper;
    for (const [radius, disks] of this.alike) {
      if (radius < LEAST_MARKED * pixel) continue;
      context.beginPath();
      for (const disk of disks) {
        const [acrossX, acrossY] = [radius * Math.cos(angles[disk]), radius * Math.sin(angles[disk])];
        this.atImages(x[2 * disk], x[2 * disk + 1], radius, (atX, atY) => {
          context.moveTo(atX, atY);
          context.lineTo(atX + acrossX, atY + acrossY);
        });
      }
      context.lineWidth = Math.max(pixel, radius / 5);
      context.stroke();
    }
  }

  /** Lines from where disks had been, on the way forth, to where they are. */
  drawGhosts(context, x, ghosts, pixel) {
    context.beginPath();
    for (let disk = 0; disk < this.n; disk += 1) {
      const dx = nearest(ghosts[2 * disk] - x[2 * disk], this.box);
      const dy = nearest(ghosts[2 * disk + 1] - x[2 * disk + 1], this.box);
      if (Math.abs(dx) + Math.abs(dy) < pixel) continue;
      context.moveTo(x[2 * disk], x[2 * disk + 1]);
      context.lineTo(x[2 * disk] + dx, x[2 * disk + 1] + dy);
    }
    context.globalAlpha = 0.5;
    context.lineWidth = pixel;
    context.strokeStyle = this.colours.purple;
    context.stroke();
    context.globalAlpha = 1;
  }

  /** The way of a disk, points without the box, each piece drawn wherever it is inside. */
  drawTrail(context, trail, lineWidth) {
    const boxes = (at) => this.box * Math.floor(at / this.box);
    context.beginPath();
    for (let k = 1; k < trail.length; k += 1) {
      const [from, to] = [trail[k - 1], trail[k]];
      for (const end of [from, to]) {
        const [left, below] = [boxes(end.x), boxes(end.y)];
        context.moveTo(from.x - left, from.y - below);
        context.lineTo(to.x - left, to.y - below);
      }
    }
    context.lineWidth = lineWidth;
    context.strokeStyle = this.colours.green;
    context.stroke();
  }

  ring(context, x, disk, pixel) {
    context.beginPath();
    this.addDisk(context, x[2 * disk], x[2 * disk + 1], this.radii[disk] + 5 * pixel);
    context.lineWidth = 2 * pixel;
    context.strokeStyle = this.colours.followed;
    context.stroke();
  }
}

/** Which disks there are of each radius. */
function disksByRadius(radii) {
  const found = new Map();
  radii.forEach((radius, disk) => {
    if (found.has(radius)) found.get(radius).push(disk);
    else found.set(radius, [disk]);
  });
  return found;
}

function circle(context, x, y, radius) {
  context.moveTo(x + radius, y);
  context.arc(x, y, radius, 0, 2 * Math.PI);
}
