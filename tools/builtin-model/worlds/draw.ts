import { mkdir, open, rename, stat, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import * as v from 'valibot';
import { attributeWords, caption, fullCaption } from './captions.ts';
import { sceneAt } from './collection.ts';
import { Random } from './random.ts';

const usage = `Usage: node tools/run.mjs tools/builtin-model/worlds/draw.ts --out DIR [--scenes N] [--layouts N]
       [--pixels N] [--seed TEXT] [--captions N] [--threads N]

Draws a collection of scenes, each with several layouts, in worker threads. Writes pictures.rgb (RGB bytes, picture after
picture), scenes.json (for each picture: its attributes and the caption that has all of them; for each scene: captions in
varied words; the words of each value of an attribute). An interrupted run goes on where it stopped; more scenes may be asked for later.`;

const answer = v.object({ index: v.number(), rgb: v.instance(Uint8Array) });

/** Entry point of the drawing command. See `usage`. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      out: { type: 'string' },
      scenes: { type: 'string', default: '10000' },
      layouts: { type: 'string', default: '4' },
      pixels: { type: 'string', default: '256' },
      seed: { type: 'string', default: 'training' },
      captions: { type: 'string', default: '24' },
      threads: { type: 'string', default: String(availableParallelism()) },
    },
  });
  const number = (text: string) => Number.parseInt(text, 10);
  const [scenes, layouts, pixels] = [number(values.scenes), number(values.layouts), number(values.pixels)];
  const [captions, threads] = [number(values.captions), number(values.threads)];
  const { out, seed } = values;
  if (out === undefined || !(Math.min(scenes, layouts, threads, captions) >= 1) || !(pixels >= 16)) {
    console.error(usage);
    return 2;
  }
  await mkdir(out, { recursive: true });
  const bytes = pixels * pixels * 3;
  const path = join(out, 'pictures.rgb');
  const drawn = Math.floor((await stat(path).catch(() => ({ size: 0 }))).size / bytes);
  const count = scenes * layouts;
  const file = await open(path, drawn > 0 ? 'r+' : 'w');
  const began = performance.now();
  let next = drawn;
  let written = drawn;
  const waiting = new Map<number, Uint8Array>();
  // Pictures are written in order, so that an interrupted file is valid up to its end.
  let writing = Promise.resolve();
  const flush = () => {
    writing = writing.then(async () => {
      for (let rgb = waiting.get(written); rgb; rgb = waiting.get(written)) {
        waiting.delete(written);
        await file.write(rgb, 0, bytes, written * bytes);
        written++;
        if (written % 1000 === 0) {
          const rate = (written - drawn) / ((performance.now() - began) / 1000);
          console.log(`${written} of ${count}  ${rate.toFixed(0)} a second`);
        }
      }
    });
    return writing;
  };
  const workers = Array.from(
    { length: threads },
    () =>
      new Worker(new URL('./draw-worker.mjs', import.meta.url), { workerData: { seed, layouts, pixels } }),
  );
  /** Sends pictures to a worker until all are drawn. */
  const drawWith = (worker: Worker) =>
    new Promise<void>((resolve, reject) => {
      const give = () => {
        if (next < count) worker.postMessage(next++);
        else flush().then(resolve, reject);
      };
      worker.on('message', (message: unknown) => {
        const { index, rgb } = v.parse(answer, message);
        waiting.set(index, rgb);
        flush().catch(reject);
        give();
      });
      worker.on('error', reject);
      give();
    });
  try {
    await Promise.all(workers.map(drawWith));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
    await file.close();
  }
  await writeIndex(out, seed, scenes, layouts, pixels, captions);
  return 0;
}

/** Writes `scenes.json` atomically. */
async function writeIndex(
  out: string,
  seed: string,
  scenes: number,
  layouts: number,
  pixels: number,
  captions: number,
): Promise<void> {
  const index = Array.from({ length: scenes }, (_, scene) => {
    const { layout, ...attributes } = sceneAt(seed, scene * layouts, layouts);
    const random = new Random(`${layout}/captions`);
    return {
      ...attributes,
      caption: fullCaption(attributes),
      captions: Array.from({ length: captions }, () => caption(attributes, random)),
    };
  });
  const file = join(out, 'scenes.json');
  await writeFile(`${file}.part`, JSON.stringify({ pixels, layouts, words: attributeWords, scenes: index }));
  await rename(`${file}.part`, file);
}
