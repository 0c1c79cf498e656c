// What every picture needs: a canvas as sharp as the screen, and the colours of the page.

/** A canvas fitted to its place on the page, cleared; returns its context and size in CSS pixels. */
export function fresh(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

const COLOURS = ["paper", "ink", "soft", "line", "panel", "slow", "middle", "fast", "blue", "red", "green", "purple", "gold", "followed"];

/** The colours of an element, which follow the reader's choice of light or dark. */
export function palette(host) {
  const style = getComputedStyle(host);
  return Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

/** So many colours, [red, green, blue], from slow over middle to fast. */
export function ramp({ slow, middle, fast }, steps) {
  const [a, b, c] = [slow, middle, fast].map(components);
  return Array.from({ length: steps }, (_, k) => {
    const at = (2 * k) / (steps - 1);
    const [from, to, share] = at < 1 ? [a, b, at] : [b, c, at - 1];
    return from.map((part, channel) => Math.round(part + share * (to[channel] - part)));
  });
}

function components(hex) {
  const digits = hex.length === 4 ? [...hex.slice(1)].map((digit) => digit + digit).join("") : hex.slice(1);
  return [0, 2, 4].map((at) => Number.parseInt(digits.slice(at, at + 2), 16));
}
