// Arrays as Python wrote them: little-endian typed arrays, deflated or not, in base64.

const KINDS = { float64: Float64Array, int32: Int32Array };

/** An array of { kind, deflated, base64 }. Throws where this browser cannot unpack it. */
export async function unpacked({ kind, deflated, base64 }) {
  let bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  if (deflated) {
    if (typeof DecompressionStream === "undefined") {
      throw new Error("This browser cannot unpack the data: it has no DecompressionStream. Make the page again with hthm view --plain.");
    }
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  }
  return new KINDS[kind](bytes.buffer);
}

/** An array that grows by one number at a time. */
export class Growing {
  constructor(Kind) {
    this.values = new Kind(1024);
    this.length = 0;
  }

  push(value) {
    if (this.length === this.values.length) {
      const larger = new this.values.constructor(2 * this.length);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length] = value;
    this.length += 1;
  }

  /** What it holds, in an array of just that length. */
  taken() {
    return this.values.slice(0, this.length);
  }
}
