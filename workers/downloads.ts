/** How far several downloads are together. */
export class DownloadTotal {
  readonly #files = new Map<string, { readonly done: number; readonly of: number }>();

  /**
   * Takes the bytes of one file that have come, of how many (0 while that is not known), and gives those of all files
   * so far.
   */
  report(file: string, done: number, of: number): { done: number; of: number } {
    this.#files.set(file, { done, of });
    const files = [...this.#files.values()];
    const known = files.every((each) => each.of > 0);
    return {
      done: files.reduce((sum, each) => sum + each.done, 0),
      of: known ? files.reduce((sum, each) => sum + each.of, 0) : 0,
    };
  }
}
