import type { CreateOutput, OutputFile } from '../formats/index.ts';

/** Destination of a file's bytes, mostly sequential, except for headers known last. */
export interface Sink {
  /** Discards everything written so far. */
  restart(): Promise<void>;
  write(bytes: Uint8Array<ArrayBuffer>, position: number): Promise<void>;
}

/** Sink that writes to an output file, a new one after each restart. */
class OutputSink implements Sink {
  readonly #create: CreateOutput;
  #output: OutputFile | null = null;

  constructor(create: CreateOutput) {
    this.#create = create;
  }

  restart(): Promise<void> {
    return this.discard();
  }

  async write(bytes: Uint8Array<ArrayBuffer>, position: number): Promise<void> {
    (await this.#opened()).write(bytes, position);
  }

  async finish(type: string): Promise<Blob> {
    return (await this.#opened()).finish(type);
  }

  async discard(): Promise<void> {
    await this.#output?.discard();
    this.#output = null;
  }

  async #opened(): Promise<OutputFile> {
    return (this.#output ??= await this.#create());
  }
}

/**
 * Runs `write` on a sink and finishes its output file.
 *
 * @returns the file, and the result of `write`
 * @throws what `write` throws, after discarding the file
 */
export async function writeToSink<T>(
  createOutput: CreateOutput,
  type: string,
  write: (sink: Sink) => Promise<T>,
): Promise<{ readonly file: Blob; readonly result: T; readonly discard: () => Promise<void> }> {
  const sink = new OutputSink(createOutput);
  try {
    const result = await write(sink);
    return { file: await sink.finish(type), result, discard: () => sink.discard() };
  } catch (error) {
    await sink.discard();
    throw error;
  }
}
