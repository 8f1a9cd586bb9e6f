import type { Picture } from '../../../src/base/index.ts';

/**
 * Frame `index` of a test animation: moving gradients of all channels, and a bright square that jumps. Swapped frames,
 * swapped channels and a wrong colour range therefore change the mean difference.
 */
export function makeFrame(index: number, width: number, height: number): Picture {
  const data = new Uint8ClampedArray(4 * width * height);
  const side = Math.floor(height / 4);
  const left = (index * 29) % (width - side);
  const top = (index * 17) % (height - side);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = x >= left && x < left + side && y >= top && y < top + side;
      const slopes = [
        (255 * x) / (width - 1),
        (255 * y) / (height - 1),
        128 + 100 * Math.sin((x + y) / 20 + index / 2),
      ];
      data.set([...(inside ? [250, 240, 30] : slopes), 255], 4 * (y * width + x));
    }
  }
  return { width, height, data };
}
