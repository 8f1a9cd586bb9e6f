/** Random-access byte source: a file, memory, or a URL on a server that supports ranges. */
export interface ByteSource {
  /** File name or URL, for error messages. */
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /**
   * Reads exactly `length` bytes from `offset`.
   *
   * @throws an error defined by the source if it ends before that
   */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Synchronous `read`, if the source supports it: memory, files in Node, and stored files in workers. The caller owns
   * the result.
   */
  readonly readSync?: (offset: number, length: number) => Uint8Array<ArrayBuffer>;
}
