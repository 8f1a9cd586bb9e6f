import { readFile } from 'node:fs/promises';
import { deflateSync } from 'node:zlib';
import { ProjectError } from '../../src/base/index.ts';
import { crc32, encodePng, openZip } from '../../src/formats/index.ts';
import type { ZipFile } from '../../src/formats/index.ts';
import { openImportedArchive } from '../../src/media/unpack.ts';
import { checkPictureSize, sniffPicture } from '../../src/media/sniff.ts';
import { openCheckpoint } from '../../src/models/checkpoint/index.ts';
import { parseSchedulerConfig, parseUnetConfig, parseVaeConfig } from '../../src/models/config/index.ts';
import { parseJson } from '../../src/models/json.ts';
import { parseManifest } from '../../src/models/manifest.ts';
import { memorySource } from '../../src/models/source.ts';
import {
  append,
  decodeFramePng,
  defaultSettings,
  emptyTree,
  openArchive,
  startId,
  writeArchive,
} from '../../src/project/index.ts';
import type { ProjectDocument } from '../../src/project/index.ts';
import { createOutput, zipOf } from '../../tests/support/output.ts';
import { mutated, mutatedJson } from './mutate.ts';
import type { Random } from './random.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** A kind of untrusted file, and the code that reads it. */
export interface Target {
  /** Valid files of the kind. */
  readonly seeds: () => Promise<readonly Bytes[]>;
  /**
   * Mutates a valid file: either anywhere, or inside with checksums and lengths made consistent again, so that the
   * mutation reaches inner parsers.
   */
  readonly mutate: (seed: Bytes, random: Random, seeds: readonly Bytes[]) => Promise<Bytes> | Bytes;
  /**
   * Reads everything that the page would read.
   *
   * @throws DriftError
   */
  readonly open: (bytes: Bytes) => Promise<void>;
}

const root = new URL('../../', import.meta.url);
const { signal } = new AbortController();
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const utf8 = (string: string) => new TextEncoder().encode(string);

async function files(...paths: readonly string[]): Promise<Bytes[]> {
  return Promise.all(paths.map(async (path) => new Uint8Array(await readFile(new URL(path, root)))));
}

/** Number of tensors read of each checkpoint. */
const mostTensors = 20;

async function openWeights(bytes: Bytes): Promise<void> {
  const checkpoint = await openCheckpoint(memorySource('fuzzed', bytes));
  for (const name of [...checkpoint.tensors.keys()].slice(0, mostTensors)) await checkpoint.read(name);
}

/** Unpacks a ZIP archive. */
async function unzipped(bytes: Bytes): Promise<{ name: string; data: Bytes }[]> {
  const zip = await openZip(memorySource('seed', bytes), {
    fail: (_, message) => new Error(message),
    longestDirectory: 2 ** 24,
    largestInflated: 2 ** 24,
  });
  return Promise.all(
    [...zip.entries.values()].map(async (entry) => ({
      name: entry.name,
      data: await zip.read(entry, 0, entry.size),
    })),
  );
}

/** Archive in which one file is mutated, with valid checksums. */
async function withOneMutated(
  bytes: Bytes,
  random: Random,
  mutate: (file: { name: string; data: Bytes }) => Bytes,
): Promise<Bytes> {
  const contents = await unzipped(bytes);
  const chosen = random.below(contents.length);
  const packed = contents.map((file, i): ZipFile => ({
    name: file.name,
    data: i === chosen ? mutate(file) : file.data,
    compress: random.below(4) === 0,
  }));
  return new Uint8Array(await (await zipOf(packed)).arrayBuffer());
}

const torchFiles = () =>
  files(
    ...['1.13', '2.13'].flatMap((version) =>
      ['small.bin', 'protocol4.bin', 'repacked.bin', 'training.bin'].map(
        (name) => `tests/fixtures/torch/${version}/${name}`,
      ),
    ),
  );

const safetensors: Target = {
  seeds: () => files('tests/fixtures/torch/2.13/small.safetensors'),
  mutate(seed, random, seeds) {
    const length = Number(new DataView(seed.buffer, seed.byteOffset).getBigUint64(0, true));
    if (random.below(2) === 0) return mutated(seed, random, seeds);
    const header = utf8(mutatedJson(text(seed.subarray(8, 8 + length)), random));
    const out = new Uint8Array(8 + header.length + seed.length - 8 - length);
    new DataView(out.buffer).setBigUint64(0, BigInt(header.length), true);
    out.set(header, 8);
    out.set(seed.subarray(8 + length), 8 + header.length);
    return out;
  },
  open: openWeights,
};

const pickle: Target = {
  seeds: torchFiles,
  async mutate(seed, random) {
    const contents = await unzipped(seed);
    const pickles = contents.filter(({ name }) => name.endsWith('.pkl')).map(({ data }) => data);
    const packed = contents.map(({ name, data }) => ({
      name,
      data: name.endsWith('.pkl') ? mutated(data, random, pickles) : data,
    }));
    return new Uint8Array(await (await zipOf(packed)).arrayBuffer());
  },
  open: openWeights,
};

const zip: Target = {
  seeds: async () => [...(await torchFiles()), ...(await drift.seeds())],
  mutate: (seed, random, seeds) =>
    random.below(4) === 0
      ? withOneMutated(seed, random, ({ data }) => mutated(data, random, seeds))
      : mutated(seed, random, seeds),
  async open(bytes) {
    // 7-Zip runs in a worker of the browser's kind, and cannot reach what is outside of it.
    const archive = await openImportedArchive(new Blob([bytes]), signal, () =>
      Promise.resolve({ unavailable: 'not fuzzed' }),
    );
    for (const name of archive.names) await archive.read(name, signal);
    await openWeights(bytes);
  },
};

const picture = (width: number, height: number, seed: number, alpha: number) => ({
  width,
  height,
  data: Uint8ClampedArray.from({ length: 4 * width * height }, (_, i) =>
    i % 4 === 3 ? alpha : (Math.imul(i >> 2, seed) >>> 3) & 255,
  ),
});

/** Recomputes the checksums of a PNG's chunks, as far as its chunk structure is intact. */
function rechecked(file: Bytes): Bytes {
  const out = file.slice();
  const view = new DataView(out.buffer);
  for (let at = 8; at + 12 <= out.length;) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > out.length) break;
    view.setUint32(end, crc32(out.subarray(at + 4, end)));
    at = end + 4;
  }
  return out;
}

/** PNG with valid compression but wrong pixel data: too few or too many rows, or unknown filters. */
function repacked(file: Bytes, random: Random): Bytes {
  const data = deflateSync(random.bytes(random.below(4000)));
  const out = new Uint8Array(33 + 12 + data.length + 12);
  const view = new DataView(out.buffer);
  out.set(file.subarray(0, 33));
  view.setUint32(33, data.length);
  out.set(utf8('IDAT'), 37);
  out.set(data, 41);
  out.set(utf8('IEND'), 41 + data.length + 8);
  return rechecked(out);
}

const png: Target = {
  seeds: () =>
    Promise.resolve(
      [picture(16, 16, 7919, 255), picture(33, 9, 104729, 128), picture(64, 48, 31, 255)].map(encodePng),
    ),
  mutate(seed, random, seeds) {
    const kind = random.below(4);
    if (kind === 0) return repacked(seed, random);
    const bad = mutated(seed, random, seeds);
    return kind === 1 ? bad : rechecked(bad);
  },
  // Decodes it like a start picture, after checking the size that its header declares.
  async open(bytes) {
    const header = sniffPicture(bytes);
    checkPictureSize(header);
    if (header.kind !== 'png') throw new ProjectError('not-png', 'Another kind.', { remedy: 'None.' });
    await decodeFramePng(bytes, header, 'fuzzed.png');
  },
};

async function project(): Promise<Bytes> {
  const settings = { ...defaultSettings, width: 64, height: 64, seed: 1 };
  const frame = {
    variant: 0,
    settings,
    model: 'Shapes',
    width: 64,
    height: 64,
    insight: {
      guidance: 0.9,
      positivesBefore: 0.1,
      positivesAfter: 0.2,
      negativesBefore: null,
      negativesAfter: null,
      texture: null,
      predecessor: 0.8,
      start: 0.7,
      earlier: [0.75],
    },
    seconds: 1,
    made: '2025-01-31T12:00:00.000Z',
  };
  const tree = [startId, 1, 1].reduce((grown, parent) => append(grown, frame, parent).tree, emptyTree);
  const document: ProjectDocument = {
    name: 'Seed',
    created: '2025-01-31T11:00:00.000Z',
    start: { name: 'start.png', width: 64, height: 64, fit: 'crop' },
    settings,
    leaf: tree.leaf,
    frames: [...tree.nodes],
  };
  const archive = await writeArchive(
    document,
    (id) => Promise.resolve(encodePng(picture(64, 64, 7919 + id, 255))),
    createOutput,
    { signal, onProgress: () => undefined },
  );
  return new Uint8Array(await archive.arrayBuffer());
}

const drift: Target = {
  seeds: async () => [await project()],
  mutate(seed, random, seeds) {
    if (random.below(4) === 0) return mutated(seed, random, seeds);
    return withOneMutated(seed, random, ({ name, data }) => {
      if (name.endsWith('.json')) return utf8(mutatedJson(text(data), random));
      return random.below(2) === 0 ? rechecked(mutated(data, random, [data])) : repacked(data, random);
    });
  },
  async open(bytes) {
    const archive = await openArchive(new File([bytes], 'fuzzed.drift'), signal);
    for (const id of [startId, ...archive.document.frames.map((frame) => frame.id)]) {
      await archive.picture(id);
    }
  },
};

const manifest: Target = {
  seeds: () =>
    files(
      'public/models/builtin/model.json',
      ...['unet', 'vae'].map((part) => `tests/golden/shapes/checkpoint/${part}/config.json`),
      'tests/golden/shapes/checkpoint/scheduler/scheduler_config.json',
    ),
  mutate: (seed, random, seeds) =>
    random.below(4) === 0 ? mutated(seed, random, seeds) : utf8(mutatedJson(text(seed), random)),
  open(bytes) {
    return new Promise((resolve) => {
      const json = parseJson('fuzzed.json', bytes);
      const said = typeof json === 'object' && json !== null ? json : {};
      if ('drift' in said) parseManifest('fuzzed.json', json);
      else if ('beta_start' in said) parseSchedulerConfig('fuzzed.json', json);
      else if ('cross_attention_dim' in said) parseUnetConfig('fuzzed.json', json);
      else parseVaeConfig('fuzzed.json', json);
      resolve();
    });
  },
};

/** All targets, by their names for `--only`. */
export const targets = { safetensors, pickle, zip, png, drift, manifest } satisfies Record<string, Target>;
export type TargetName = keyof typeof targets;
