/** File being written, mostly by appending. A write may also replace earlier bytes, such as a header known last. */
export interface OutputFile {
  /** Length in bytes. */
  readonly size: number;
  /** The finished file in the browser's private file system; null if it is in memory. */
  readonly stored: FileSystemFileHandle | null;
  /** @throws RangeError if `position` is beyond the end */
  write(bytes: Uint8Array<ArrayBuffer>, position?: number): void;
  /** Ends writing. The implementation decides how long the Blob stays readable. */
  finish(type: string): Promise<Blob>;
  /** Frees what was written. The Blob from `finish` may become unreadable. */
  discard(): Promise<void>;
}

/** Creates an empty output file. */
export type CreateOutput = () => Promise<OutputFile>;

/**
 * Runs `write` on a new output file and finishes it.
 *
 * @throws what `write` throws, after discarding the file
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
