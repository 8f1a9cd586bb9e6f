/** Worker that unpacks one archive of one entry by 7-Zip, and is terminated then: the program is synchronous. */
import * as v from 'valibot';
import { startSevenZip } from './seven-zip-program.ts';
import type { SevenZip } from './seven-zip-program.ts';

const jobSchema = v.object({
  programURL: v.string(),
  wasmURL: v.string(),
  archive: v.instance(Uint8Array<ArrayBuffer>),
  size: v.number(),
});
const scriptSchema = v.object({ default: v.unknown() });

globalThis.onmessage = async (event: MessageEvent<unknown>) => {
  const { programURL, wasmURL, archive, size } = v.parse(jobSchema, event.data);
  let unpack: SevenZip;
  try {
    const script = v.parse(scriptSchema, await import(/* @vite-ignore */ programURL));
    unpack = await startSevenZip(script.default, { wasmURL });
  } catch (error) {
    globalThis.postMessage({ unavailable: String(error) });
    return;
  }
  const result = unpack(archive, size);
  globalThis.postMessage(result, { transfer: 'bytes' in result ? [result.bytes.buffer] : [] });
};
