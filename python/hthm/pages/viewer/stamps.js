// Small disks written into pixels from a few masks made once: sooner than to have the browser fill ten thousand
// circles a frame, and as fast without a graphics card.

const PHASES = 4; // places of a centre within a pixel, each way

export class Stamps {
  /** Colours are [red, green, blue]; the radius is in pixels of the screen. */
  constructor(colours, radius) {
    this.radius = radius;
    this.half = Math.ceil(radius + 1);
    this.size = 2 * this.half + 1;
    this.colours = colours.map(([red, green, blue]) => (blue << 16) | (green << 8) | red); // as ImageData has them
    this.masks = Array.from({ length: PHASES ** 2 }, (_, k) => this.mask((k % PHASES) / PHASES, Math.floor(k / PHASES) / PHASES));
  }

  /** How much of each pixel a disk covers whose centre is right of and below that of the middle one, 0 to 255. */
  mask(right, below) {
    return Uint8Array.from({ length: this.size ** 2 }, (_, k) => {
      const [column, row] = [(k % this.size) - this.half, Math.floor(k / this.size) - this.half];
      const distance = Math.hypot(column - right, row - below);
      return Math.round(255 * Math.min(1, Math.max(0, this.radius + 0.5 - distance)));
    });
  }

  /** Write a disk into an image of `width` by `width` pixels; what leaves it on one side comes in on the other. */
  press(pixels, width, colour, x, y) {
    const [fineX, fineY] = [Math.floor(x * PHASES), Math.floor(y * PHASES)];
    const mask = this.masks[(fineY % PHASES) * PHASES + (fineX % PHASES)];
    const left = Math.floor(fineX / PHASES) - this.half + width;
    const top = Math.floor(fineY / PHASES) - this.half + width;
    const tint = this.colours[colour];
    for (let row = 0, k = 0; row < this.size; row += 1) {
      const line = ((top + row) % width) * width;
      for (let column = 0; column < this.size; column += 1, k += 1) {
        const at = line + ((left + column) % width);
        if (mask[k] > pixels[at] >>> 24) pixels[at] = (mask[k] << 24) | tint;
      }
    }
  }
}
