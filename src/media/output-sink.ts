import type { CreateOutput, OutputFile } from '../formats/index.ts';

/** Where a file's bytes go as they come: in order, but for headers that are known last. */
export interface Sink {
  /** Begins the file anew: what has been written so far is gone. */
  restart(): Promise<void>;
  write(bytes: Uint8Array<ArrayBuffer>, position: number): Promise<void>;
}

/** A sink that fills an output file, another one after each restart. */
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
 * Runs `write` on a sink of an output file and finishes that.
 *
 * @returns the file and what `write` returned
 * @throws what `write` throws, after what it wrote has been discarded
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
