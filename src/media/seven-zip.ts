import * as v from 'valibot';
import programURL from '7z-wasm/7zz.es6.js?url';
import wasmURL from '7z-wasm/7zz.wasm?url';
import workerURL from './seven-zip-worker.ts?worker&url';
import { abortable } from '../base/index.ts';

/** What 7-Zip made of an archive's only entry; `unavailable` says why the program could not be loaded. */
const unpackedSchema = v.union([
  v.object({ bytes: v.instance(Uint8Array<ArrayBuffer>) }),
  v.object({ damage: v.string() }),
  v.object({ unavailable: v.string() }),
]);
export type Unpacked = v.InferOutput<typeof unpackedSchema>;

/**
 * Unpacks an archive of one entry by 7-Zip compiled to WebAssembly, in a worker of its own that is terminated in any
 * case: so neither a long entry nor the memory that the program took stays.
 *
 * @param archive is transferred to the worker
 * @param size length of the unpacked entry in bytes; more is damage
 * @throws the signal's reason if aborted
 */
export async function unpackBySevenZip(
  archive: Uint8Array<ArrayBuffer>,
  size: number,
  signal: AbortSignal,
): Promise<Unpacked> {
  signal.throwIfAborted();
  const worker = new Worker(workerURL, { type: 'module', name: '7-zip' });
  try {
    const answer = new Promise<unknown>((resolve) => {
      worker.onmessage = ({ data }: MessageEvent<unknown>) => {
        resolve(data);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        resolve({ unavailable: event.message || 'its worker did not start' });
      };
    });
    const absolute = (url: string) => new URL(url, import.meta.url).href;
    const job = { programURL: absolute(programURL), wasmURL: absolute(wasmURL), archive, size };
    worker.postMessage(job, { transfer: [archive.buffer] });
    return v.parse(unpackedSchema, await abortable(answer, signal));
  } finally {
    worker.terminate();
  }
}
