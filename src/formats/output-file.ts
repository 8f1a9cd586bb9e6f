/**
 * A file that is being written, mostly at its end. A write may also replace earlier bytes, as that of a header does
 * whose contents are known last.
 */
export interface OutputFile {
  /** In bytes. */
  readonly size: number;
  /** @throws RangeError for a position beyond the end, which would leave a gap */
  write(bytes: Uint8Array<ArrayBuffer>, position?: number): void;
  /** Ends writing. How long the Blob stays readable is up to the implementation. */
  finish(type: string): Promise<Blob>;
  /** Frees what has been written. The Blob that `finish` gave may be unreadable afterwards. */
  discard(): Promise<void>;
}

/** Begins a file of which nothing is written yet. */
export type CreateOutput = () => Promise<OutputFile>;

/**
 * Runs `write` on a new output file and finishes it.
 *
 * @throws what `write` throws, after what it wrote has been discarded
 */
export async function writeOutput(
  createOutput: CreateOutput,
  type: string,
  write: (output: OutputFile) => Promise<void>,
): Promise<Blob> {
  const output = await createOutput();
  try {
    await write(output);
    return await output.finish(type);
  } catch (error) {
    await output.discard();
    throw error;
  }
}
