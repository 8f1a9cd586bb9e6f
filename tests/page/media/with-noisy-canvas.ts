/**
 * Makes canvases in this worker return noise instead of their pixels, without an error, like Firefox with
 * `privacy.resistFingerprinting`.
 */
const { prototype } = OffscreenCanvasRenderingContext2D;
const read: unknown = Reflect.get(prototype, 'getImageData');
Object.defineProperty(prototype, 'getImageData', {
  value: function (this: OffscreenCanvasRenderingContext2D, ...args: readonly unknown[]): unknown {
    const pixels: unknown = typeof read === 'function' ? Reflect.apply(read, this, args) : null;
    if (!(pixels instanceof ImageData)) throw new TypeError('there was nothing to read');
    for (let i = 0; i < pixels.data.length; i++) pixels.data[i] = (Math.imul(i + 1, 0x85ebca6b) >>> 13) & 255;
    return pixels;
  },
});

export {};
