import { zlibSync } from 'fflate';
import { concatBytes, isOpaque } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import { pngChunk } from './png-chunks.ts';
import { filterRows, pngSignature } from './png-rows.ts';

/**
 * Encodes a picture as a non-interlaced PNG with 8 bits per channel, RGB if it is opaque and RGBA otherwise. Lossless,
 * and the same bytes in every browser and in Node; a canvas may convert colours, premultiplies alpha, and adds noise in
 * browsers that protect against fingerprinting.
 */
export function encodePng({ width, height, data }: Picture): Uint8Array<ArrayBuffer> {
  const channels = isOpaque(data) ? 3 : 4;
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, channels === 3 ? 2 : 6, 0, 0, 0], 8);
  return concatBytes([
    pngSignature,
    pngChunk('IHDR', header),
    pngChunk('IDAT', zlibSync(filterRows(data, width, height, channels), { level: 6 })),
    pngChunk('IEND', new Uint8Array(0)),
  ]);
}
