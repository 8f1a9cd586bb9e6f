/** Side of the probe in pixels. Browsers add noise only to pictures with many colours, so the probe has many. */
const side = 64;

let known: boolean | null = null;

/**
 * True if a canvas returns exactly the pixels drawn on it. Browsers that protect against fingerprinting silently add noise
 * (Brave, Safari's private windows) or return other data (Firefox with `privacy.resistFingerprinting`, Tor Browser).
 * Probed once.
 */
export function canvasIsExact(): boolean {
  return (known ??= probe());
}

function probe(): boolean {
  const context = new OffscreenCanvas(side, side).getContext('2d', { willReadFrequently: true });
  // Out of memory, which will be reported where a canvas is needed.
  if (!context) return true;
  const drawn = new ImageData(side, side);
  for (let i = 0; i < drawn.data.length; i++) {
    drawn.data[i] = i % 4 === 3 ? 255 : (Math.imul(i + 1, 0x9e3779b1) >>> 24) & 255;
  }
  context.putImageData(drawn, 0, 0);
  const read = context.getImageData(0, 0, side, side).data;
  return read.every((value, i) => value === drawn.data[i]);
}
