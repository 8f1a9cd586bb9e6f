/** Anything that bytes can be read from in pieces: a file, a URL that answers ranges, memory. */
export interface ByteSource {
  /** How errors call it: a file name or a URL. */
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /**
   * Exactly `length` bytes from `offset`.
   *
   * @throws an error of the source's own when it ends before that.
   */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * The same at once, where the source can: memory, files in Node, and in workers whatever the browser keeps. What is
   * read belongs to the caller.
   */
  readonly readSync?: (offset: number, length: number) => Uint8Array<ArrayBuffer>;
}
