import * as v from 'valibot';

/** An open file of Emscripten's file system, as far as it is changed here. */
interface ProgramStream {
  tty: unknown;
  stream_ops: { readonly write: (...args: never[]) => number };
}

interface ProgramFiles {
  readonly streams: readonly (ProgramStream | null | undefined)[];
  readonly createDataFile: (
    folder: string,
    name: string,
    data: Uint8Array,
    canRead: boolean,
    canWrite: boolean,
    canOwn: boolean,
  ) => unknown;
}

const has = (value: unknown, key: string) => typeof value === 'object' && value !== null && key in value;
const functionSchema = v.function();
const programSchema = v.object({
  // Not copied, as an object schema would: its streams are changed in place.
  FS: v.custom<ProgramFiles>((value) => has(value, 'createDataFile') && has(value, 'streams')),
  callMain: v.function(),
});

/** Thrown through the program when it writes more than the directory promised. */
class TooLong extends Error {}

/** A loaded 7-Zip: unpacks the only entry of an archive, once. */
export type SevenZip = (
  archive: Uint8Array<ArrayBuffer>,
  size: number,
) => { readonly bytes: Uint8Array<ArrayBuffer> } | { readonly damage: string };

/**
 * Starts 7-Zip compiled to WebAssembly (7z-wasm).
 *
 * @param create the function that the program's script exports
 * @param options where its WebAssembly is, as Emscripten takes it
 * @throws what loading throws
 */
export async function startSevenZip(
  create: unknown,
  options: { readonly wasmURL: string } | { readonly wasmBinary: Uint8Array },
): Promise<SevenZip> {
  const lines: string[] = [];
  const program = v.parse(
    programSchema,
    await v.parse(
      functionSchema,
      create,
    )({
      ...('wasmURL' in options ? { locateFile: () => options.wasmURL } : options),
      stdin: () => null,
      print: () => undefined,
      printErr: (line: string) => lines.push(line),
    }),
  );
  return (archive, size) => {
    const out = new Uint8Array(size);
    let length = 0;
    const stream = program.FS.streams[1];
    if (!stream) return { damage: 'the program has no output' };
    // Its output goes straight to `out`: its own file system would hold it a second time, and have no limit.
    stream.tty = undefined;
    const write = (_: unknown, heap: Uint8Array, offset: number, count: number) => {
      if (length + count > size) throw new TooLong('it is longer than the archive says');
      out.set(heap.subarray(offset, offset + count), length);
      length += count;
      return count;
    };
    stream.stream_ops = { ...stream.stream_ops, write };
    program.FS.createDataFile('/', 'one.zip', archive, true, false, true);
    try {
      // x -so: to the standard output; -bd: no progress; -p-: any password, so that it never asks for one.
      const code = program.callMain(['x', '-so', '-bd', '-y', '-p-', '/one.zip']);
      if (code === 0 && length === size) return { bytes: out };
      return { damage: lines.find((line) => line.includes('ERROR')) ?? `exit status ${String(code)}` };
    } catch (error) {
      // Out of memory, an abort of the program, or what `write` threw.
      return { damage: String(error) };
    }
  };
}
