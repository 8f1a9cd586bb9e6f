/**
 * Test page around the media worker. Specs call `harness` by `page.evaluate`, so arguments and results are plain
 * JSON.
 */
import { DriftError } from '../../../src/base/index.ts';
import { encodePng } from '../../../src/formats/index.ts';
import { connect, mediaApi } from '../../../src/protocol/index.ts';
import type { Connection, Fit } from '../../../src/protocol/index.ts';
import { makeFrame } from './frames.ts';

export interface Failure {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}
export interface Decoded {
  readonly width: number;
  readonly height: number;
  readonly base64: string;
}
export interface Encoded {
  readonly base64: string;
  readonly type: string;
  readonly encoder: string;
  readonly progress: readonly { readonly done: number; readonly of: number }[];
}
/** Result of a call, or its error. */
export type Outcome<T> =
  { readonly value: T; readonly failure: null } | { readonly value: null; readonly failure: Failure };

export interface EncodeRequest {
  readonly method: 'gif' | 'mp4' | 'zip';
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly frameRate: number;
  readonly loop?: boolean;
  /** Aborts at this progress event, counted from 1; 0 aborts before the first. */
  readonly stopAt?: number;
  /** Makes the last frame another size. */
  readonly mixed?: boolean;
  /** Makes the file of the last frame unreadable. */
  readonly damaged?: boolean;
}

function open(kind: WorkerKind): Connection<typeof mediaApi> {
  return connect(workers[kind](), mediaApi);
}

const workers = {
  plain: () => new Worker(new URL('../../../workers/media.ts', import.meta.url), { type: 'module' }),
  'without-webcodecs': () =>
    new Worker(new URL('./without-webcodecs.worker.js', import.meta.url), { type: 'module' }),
  'with-broken-webcodecs': () =>
    new Worker(new URL('./with-broken-webcodecs.worker.js', import.meta.url), { type: 'module' }),
  'with-noisy-canvas': () =>
    new Worker(new URL('./with-noisy-canvas.worker.js', import.meta.url), { type: 'module' }),
  'with-noise-alone': () =>
    new Worker(new URL('./with-noise-alone.worker.js', import.meta.url), { type: 'module' }),
};
export type WorkerKind = keyof typeof workers;

let media = open('plain');

async function outcome<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work(), failure: null };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    const { code, remedy } = error instanceof DriftError ? error : { code: '', remedy: '' };
    return { value: null, failure: { name, message, code, remedy } };
  }
}

function base64(bytes: Uint8Array | Uint8ClampedArray): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

const harness = {
  /** Replaces the worker. */
  use(kind: WorkerKind): void {
    media.close();
    media = open(kind);
  },

  decode(file: string, type: string, width: number, height: number, fit: Fit): Promise<Outcome<Decoded>> {
    return outcome(async () => {
      const bytes = Uint8Array.from(atob(file), (character) => character.charCodeAt(0));
      const picture = await media.call('decode', { file: new Blob([bytes], { type }), width, height, fit });
      return { width: picture.width, height: picture.height, base64: base64(picture.data) };
    });
  },

  /** Names of all temporary files of workers. */
  async temporaryFiles(): Promise<string[]> {
    const scratch = await (
      await navigator.storage.getDirectory()
    ).getDirectoryHandle('scratch', {
      create: true,
    });
    const names: string[] = [];
    for await (const folder of scratch.values()) {
      if (!(folder instanceof FileSystemDirectoryHandle)) continue;
      for await (const name of folder.keys()) names.push(`${folder.name}/${name}`);
    }
    return names;
  },

  encode(request: EncodeRequest): Promise<Outcome<Encoded>> {
    const { method, width, height, frameRate, loop = true, stopAt, mixed = false, damaged = false } = request;
    const stop = new AbortController();
    const progress: { done: number; of: number }[] = [];
    const options = {
      signal: stop.signal,
      onEvent(event: { done: number; of: number }) {
        progress.push(event);
        if (progress.length === stopAt) stop.abort();
      },
    };
    const pictures = Array.from({ length: request.frames }, (_, i) =>
      makeFrame(i, mixed && i === request.frames - 1 ? width * 2 : width, height),
    );
    const frames = pictures.map((picture, i) => ({
      id: i + 1,
      width: picture.width,
      height: picture.height,
    }));
    const held = pictures.map((picture, i) => ({
      id: i + 1,
      png: new Blob(damaged && i === pictures.length - 1 ? [] : [encodePng(picture)]),
    }));
    const source = { project: '00000000-0000-4000-8000-000000000001', held };
    return outcome(async () => {
      const call =
        method === 'gif'
          ? media.call('gif', { source, frames, frameRate, loop }, options)
          : method === 'mp4'
            ? media.call('mp4', { source, frames, frameRate }, options)
            : media.call('zip', { source, frames }, options);
      if (stopAt === 0) stop.abort();
      const { file, encoder } = await call;
      const bytes = new Uint8Array(await file.arrayBuffer());
      return { base64: base64(bytes), type: file.type, encoder, progress };
    });
  },
};

declare global {
  var mediaHarness: typeof harness;
}
globalThis.mediaHarness = harness;
