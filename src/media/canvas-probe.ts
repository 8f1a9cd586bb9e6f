/** Side of the probe in pixels. Browsers add no noise where there are few colours, so there are many. */
const side = 64;

let known: boolean | null = null;

/**
 * Whether a canvas gives back the pixels that were drawn on it. Browsers that protect against fingerprinting add noise
 * to what is read (Brave, Safari's private windows) or replace it altogether (Firefox with
 * `privacy.resistFingerprinting`, the Tor Browser) without an error. Found out once: a browser's answer does not change.
 */
export function canvasIsExact(): boolean {
  return (known ??= probe());
}

function probe(): boolean {
  const context = new OffscreenCanvas(side, side).getContext('2d', { willReadFrequently: true });
  // No memory for it: said where a canvas is needed.
  if (!context) return true;
  const drawn = new ImageData(side, side);
  for (let i = 0; i < drawn.data.length; i++) {
    drawn.data[i] = i % 4 === 3 ? 255 : (Math.imul(i + 1, 0x9e3779b1) >>> 24) & 255;
  }
  context.putImageData(drawn, 0, 0);
  const read = context.getImageData(0, 0, side, side).data;
  return read.every((value, i) => value === drawn.data[i]);
}
