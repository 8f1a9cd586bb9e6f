import { join } from 'node:path';
import * as v from 'valibot';
import type { Picture } from '../../../src/base/index.ts';
import { ChainStore, firstStuck } from './chain.ts';
import type { Chain, ChainKey } from './chain.ts';
import { drawFamilies } from './collection.ts';
import { digestPicture } from './digest.ts';
import { defineMeasure, writeSheet } from './measure.ts';
import type { Bench } from './measure.ts';
import { fitPicture } from './pictures.ts';
import { dot, mean, meanOverPairs, uniform } from './statistics.ts';

/** Number of start pictures of each kind. */
const starts = 10;
/** Limit: at most one in this many chains may be reported as stuck. */
const chainsPerNotice = 20;

const chainSchema = v.object({
  name: v.string(),
  kind: v.picklist(['scene', 'photograph']),
  stuck: v.nullable(v.object({ kind: v.picklist(['still', 'circling', 'texture']), frame: v.number() })),
  /** Mean cosine of neighbouring frames, and cosine of the last frame and the start; null if unknown. */
  neighbours: v.nullable(v.number()),
  lastToStart: v.nullable(v.number()),
});
const schema = v.object({
  frames: v.number(),
  chains: v.array(chainSchema),
  neighbours: v.nullable(v.number()),
  /** Mean cosine over all pairs of last frames. */
  lastFrames: v.nullable(v.number()),
});

interface Start {
  readonly name: string;
  readonly kind: 'scene' | 'photograph';
  readonly read: () => Promise<Picture>;
}

/**
 * Long automatic animations with the model's default settings, from held-out scenes and photographs: how many the page
 * would report as stuck, and the similarity of neighbouring frames and of the last frames of different chains. Chains
 * are stored individually, so that interrupted runs resume and several processes can share the work.
 */
export const chains = defineMeasure({
  name: 'chains',
  needs: ['data', 'photographs'],
  schema,
  run: async (bench) => {
    const all = await chooseStarts(bench);
    const store = new ChainStore(join(bench.out, 'chains'));
    const finished: { start: Start; chain: Chain }[] = [];
    const total = all.length * bench.frames;
    for (const [seed, start] of all.entries()) {
      const picture = await start.read();
      const key: ChainKey = {
        name: start.name,
        model: bench.model.digest,
        start: digestPicture(picture),
        frames: bench.frames,
        allFrames: bench.allFrames,
      };
      let chain = await store.load(key);
      if (!chain && seed % bench.part.of === bench.part.index) {
        await store.make(await bench.subject(), key, picture, seed, (done) => {
          bench.progress(seed * bench.frames + done, total);
        });
        chain = await store.load(key);
      }
      if (chain) finished.push({ start, chain });
    }
    for (const kind of ['scene', 'photograph'] as const) {
      const own = finished.filter(({ start }) => start.kind === kind);
      const rows = await Promise.all(own.map(async ({ start }) => [await store.row(start.name)]));
      await writeSheet(bench, `chains-${kind}s`, rows);
    }
    if (finished.length < all.length) {
      console.error(`${finished.length} of ${all.length} chains are finished.`);
      return null;
    }
    return summarise(finished, bench.frames);
  },
  rows: ({ frames, chains, neighbours, lastFrames }) => {
    const stuck = chains.filter((chain) => chain.stuck !== null);
    const which = stuck.map(
      ({ name, stuck }) => `${name}: ${stuck?.kind ?? ''} at frame ${stuck?.frame ?? ''}`,
    );
    const allowed = Math.floor(chains.length / chainsPerNotice);
    const cosine = (value: number | null) => value?.toFixed(3) ?? '–';
    return [
      {
        label: `Chains of ${frames} frames in which Drift says that they are stuck`,
        result: [`${stuck.length} of ${chains.length}`, ...which].join('; '),
        wanted: { limit: `at most 1 of ${chainsPerNotice}`, met: stuck.length <= allowed },
      },
      {
        label: `Cosine of the last frames of different chains, of neighbours in a chain`,
        result: `${cosine(lastFrames)}, ${cosine(neighbours)}`,
        wanted: {
          limit: "well below neighbours'",
          met: lastFrames !== null && neighbours !== null && isWellBelow(lastFrames, neighbours),
        },
      },
      {
        label: 'Cosine of the last frame of a chain and its start',
        result: cosine(meanOf(chains.map(({ lastToStart }) => lastToStart))),
      },
    ];
  },
});

/** Whether the distance (1 − cosine) of last frames is at least twice that of neighbouring frames. */
function isWellBelow(lastFrames: number, neighbours: number): boolean {
  return 1 - lastFrames >= 2 * (1 - neighbours);
}

/** Scenes of different families, then the first photographs by name, all at the model's size. */
async function chooseStarts(bench: Bench): Promise<Start[]> {
  const { width, height } = (await bench.subject()).settings;
  const count = Math.min(starts, bench.limit);
  const scenes = drawFamilies(await bench.collection(), count, uniform(5));
  const photographs = (await bench.photographs()).slice(0, count);
  return [
    ...scenes.map(({ index, labels, read }): Start => ({
      name: `scene-${index}-${labels.family}`,
      kind: 'scene',
      read: () => read(0),
    })),
    ...photographs.map(({ name, read }): Start => ({
      name: `photograph-${name}`,
      kind: 'photograph',
      read: async () => fitPicture(await read(), width, height),
    })),
  ];
}

function summarise(
  finished: readonly { readonly start: Start; readonly chain: Chain }[],
  frames: number,
): v.InferOutput<typeof schema> {
  const last = finished.map(({ chain }) => Float32Array.from(chain.last));
  return {
    frames,
    chains: finished.map(({ start: { name, kind }, chain: { trace } }) => ({
      name,
      kind,
      stuck: firstStuck(trace),
      neighbours: meanOf(trace.map(({ predecessor }) => predecessor)),
      lastToStart: trace.at(-1)?.start ?? null,
    })),
    neighbours: meanOf(finished.flatMap(({ chain }) => chain.trace.map(({ predecessor }) => predecessor))),
    lastFrames: last.length > 1 ? meanOverPairs(last, dot) : null,
  };
}

/** Mean of the values that are not null; null if there are none. */
function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? mean(known) : null;
}
