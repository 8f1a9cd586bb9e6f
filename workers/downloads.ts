/** Total progress of several downloads. */
export class DownloadTotal {
  readonly #files = new Map<string, { readonly done: number; readonly of: number }>();

  /** Records the progress of one file (`of` is 0 while unknown), and returns the total of all files. */
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
