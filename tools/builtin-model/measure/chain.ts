import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Picture } from '../../../src/base/index.ts';
import { findStuck } from '../../../src/project/index.ts';
import type { StuckKind } from '../../../src/project/index.ts';
import { readPng, writePng } from '../../png.ts';
import { contactSheet } from './pictures.ts';
import type { Subject } from './subject.ts';

/** Interval of frames on the contact sheet. */
const shownEvery = 6;

const cosine = v.nullable(v.number());
const traceSchema = v.object({
  positivesBefore: cosine,
  negativesBefore: cosine,
  texture: cosine,
  predecessor: cosine,
  start: cosine,
  earlier: v.array(v.number()),
});
const chainSchema = v.object({
  /** Digests of the model and of the start picture. */
  model: v.string(),
  start: v.string(),
  frames: v.number(),
  allFrames: v.boolean(),
  /** Insight of each frame. */
  trace: v.array(traceSchema),
  /** Embedding of the last frame. */
  last: v.array(v.number()),
});

/** Stored automatic animation from one start picture. */
export type Chain = v.InferOutput<typeof chainSchema>;

/** Identity of a chain; a stored chain is reused only if it matches. */
export interface ChainKey {
  readonly name: string;
  readonly model: string;
  /** Digest of the start picture. */
  readonly start: string;
  readonly frames: number;
  /** Whether all frames are stored as PNG files. */
  readonly allFrames: boolean;
}

/** Finished chains in a folder: `NAME.json`, the sheet's row `NAME.png`, and optionally all frames in `NAME/`. */
export class ChainStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Loads a chain; null if it does not exist or does not match the key. */
  async load({ name, model, start, frames, allFrames }: ChainKey): Promise<Chain | null> {
    const text = await readFile(this.#path(`${name}.json`), 'utf8').catch(() => null);
    if (text === null) return null;
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      return null;
    }
    const parsed = v.safeParse(chainSchema, json);
    if (!parsed.success) return null;
    const chain = parsed.output;
    const isSame = chain.model === model && chain.start === start && chain.frames === frames;
    return isSame && (chain.allFrames || !allFrames) ? chain : null;
  }

  /** Row of the contact sheet: the start picture and every sixth frame. */
  async row(name: string): Promise<Picture> {
    return readPng(await readFile(this.#path(`${name}.png`)));
  }

  /** Generates a chain with the model's default settings, and stores it when it is complete. */
  async make(
    subject: Subject,
    key: ChainKey,
    start: Picture,
    seed: number,
    onFrame: (done: number) => void,
  ): Promise<void> {
    const { name, model, frames, allFrames } = key;
    const frameFile = (index: number) => this.#path(name, `${String(index).padStart(4, '0')}.png`);
    await mkdir(allFrames ? this.#path(name) : this.#folder, { recursive: true });
    if (allFrames) await writeFile(frameFile(0), writePng(start));
    const row = [start];
    const trace: Chain['trace'] = [];
    let last = start;
    for await (const { index, picture, insight } of subject.frames(start, { seed, frames })) {
      last = picture;
      const { positivesBefore, negativesBefore, texture, predecessor, start: toStart, earlier } = insight;
      const cosines = { positivesBefore, negativesBefore, texture, predecessor, start: toStart };
      trace.push({ ...cosines, earlier: [...earlier] });
      if (allFrames) await writeFile(frameFile(index + 1), writePng(picture));
      if ((index + 1) % shownEvery === 0) row.push(picture);
      onFrame(index + 1);
    }
    await writeFile(this.#path(`${name}.png`), writePng(contactSheet([row])));
    const embedding = [...(await subject.embed(last))];
    const chain: Chain = { model, start: key.start, frames, allFrames, trace, last: embedding };
    // Written last and atomically, because the file marks the chain as finished.
    const file = this.#path(`${name}.json`);
    await writeFile(`${file}.part`, JSON.stringify(chain));
    await rename(`${file}.part`, file);
  }

  #path(...parts: string[]): string {
    return join(this.#folder, ...parts);
  }
}

/** First frame, counted from 1, at which the page would report that the chain is stuck; null if never. */
export function firstStuck(trace: Chain['trace']): { kind: StuckKind; frame: number } | null {
  for (let frame = 1; frame <= trace.length; frame++) {
    const stuck = findStuck(trace.slice(0, frame));
    if (stuck) return { kind: stuck.kind, frame };
  }
  return null;
}
