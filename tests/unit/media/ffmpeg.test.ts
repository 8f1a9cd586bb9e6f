import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { ffmpegBytes } from '../../../src/media/ffmpeg.ts';

it('says how large the program is that is fetched', () => {
  const folder = new URL('../../../node_modules/@ffmpeg/core/dist/esm/', import.meta.url);
  const bytes = ['ffmpeg-core.js', 'ffmpeg-core.wasm']
    .map((name) => statSync(fileURLToPath(new URL(name, folder))).size)
    .reduce((sum, size) => sum + size, 0);
  expect(Math.abs(ffmpegBytes - bytes) / bytes).toBeLessThan(0.01);
});
