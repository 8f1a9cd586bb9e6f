/** Files that hold the frames of imports until the page has stored them in a project. */
import type { CreateOutput, OutputFile } from '../src/formats/index.ts';

/** One file for each import. A file that is released goes when the next import begins: reads of it may still be running. */
export class ImportFiles {
  readonly #create: CreateOutput;
  readonly #held = new Map<number, OutputFile>();
  #released: OutputFile[] = [];
  #lastId = 0;

  constructor(create: CreateOutput) {
    this.#create = create;
  }

  /**
   * Runs an import with an empty file.
   *
   * @returns what `work` returns, and the id to release the file by
   * @throws what `work` throws, after discarding the file
   */
  async hold<T>(
    work: (output: OutputFile) => Promise<T>,
  ): Promise<{ readonly value: T; readonly id: number }> {
    for (const file of this.#released.splice(0)) await file.discard();
    const output = await this.#create();
    try {
      const value = await work(output);
      const id = ++this.#lastId;
      this.#held.set(id, output);
      return { value, id };
    } catch (error) {
      await output.discard();
      throw error;
    }
  }

  release(id: number): void {
    const file = this.#held.get(id);
    if (file) this.#released.push(file);
    this.#held.delete(id);
  }
}
