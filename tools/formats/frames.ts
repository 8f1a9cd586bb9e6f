/** Frames of which files are written to compare formats. */
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Picture } from '../../src/base/index.ts';
import { fitPicture } from '../builtin-model/measure/pictures.ts';
import { Subject } from '../builtin-model/measure/subject.ts';
import { readPng, writePng } from '../png.ts';

export const frameSide = 256;
export const framesOfSet = 60;

/** Standard deviation of the noise on every channel of the photographs, in 8-bit levels, like that of a camera. */
const deviation = 1.5;

/** Pictures of a folder, in the order of their names. */
export async function picturesIn(folder: string): Promise<Picture[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.png')).toSorted();
  return Promise.all(names.map(async (name) => readPng(await readFile(join(folder, name)))));
}

/** An animation of the built-in model in smooth mode; kept in `folder`, because it takes some minutes. */
export async function modelFrames(folder: string, signal: AbortSignal): Promise<Picture[]> {
  await mkdir(folder, { recursive: true });
  const kept = await picturesIn(folder);
  if (kept.length >= framesOfSet) return kept.slice(0, framesOfSet);
  const subject = await Subject.open('public/models/builtin', 'cpu', signal);
  const made: Picture[] = [];
  try {
    const frames = Math.ceil(framesOfSet / subject.settings.intermediate);
    for await (const { picture } of subject.smooth(example('mountains'), { frames, seed: 1 })) {
      made.push(picture);
      const name = `${String(made.length).padStart(4, '0')}.png`;
      await writeFile(join(folder, name), writePng(picture));
      console.error(`frame ${made.length} of ${framesOfSet} of the built-in model`);
      if (made.length === framesOfSet) break;
    }
  } finally {
    await subject.close();
  }
  return made;
}

/** Three photographs, cross-faded from one to the next and back to the first, with noise. */
export function photographFrames(): Picture[] {
  const photographs = ['autumn', 'sunset', 'peaks'].map(example);
  const each = framesOfSet / photographs.length;
  const noise = gaussian(1);
  return Array.from({ length: framesOfSet }, (_, index) => {
    const at = Math.floor(index / each);
    const mix = (index % each) / each;
    const from = photographs[at]?.data ?? [];
    const to = photographs[(at + 1) % photographs.length]?.data ?? [];
    const data = new Uint8ClampedArray(4 * frameSide * frameSide).map((_value, i) => {
      if (i % 4 === 3) return 255;
      return (1 - mix) * (from[i] ?? 0) + mix * (to[i] ?? 0) + deviation * noise();
    });
    return { width: frameSide, height: frameSide, data };
  });
}

/** An example picture of the page. */
function example(name: string): Picture {
  const file = `public/examples/${name}.webp`;
  const { status, stdout } = spawnSync(
    'ffmpeg',
    ['-v', 'error', '-i', file, '-f', 'image2pipe', '-c:v', 'png', '-pix_fmt', 'rgb24', '-'],
    { maxBuffer: 1e8 },
  );
  if (status !== 0) throw new Error(`ffmpeg could not read ${file}.`);
  return fitPicture(readPng(stdout), frameSide, frameSide);
}

/** Normally distributed numbers from a seed: the sum of twelve uniform ones. */
function gaussian(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += uniform();
    return sum;
  };
}
