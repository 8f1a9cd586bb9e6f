import type { ByteSource } from '../types.ts';

/**
 * Where installed models are kept: the origin private file system in the page, a folder in Node. A model is a folder
 * that holds what a static host would serve, and `install.json` beside it.
 */
export interface ModelFiles {
  /** The names of the models' folders. */
  list(): Promise<string[]>;
  /** All files of a model; names may hold slashes. Empty where there is no such model. */
  files(model: string): Promise<{ name: string; size: number }[]>;
  /** A file as it is now, with `readSync` where the place has one; null where there is none. */
  open(model: string, name: string): Promise<ByteSource | null>;
  /** Opens a file for writing at any place and keeps what is in it; makes it, and its folders, where there is none. */
  writer(model: string, name: string): Promise<ModelFileWriter>;
  /** Removes a model's folder with all that is in it; there need be none. */
  remove(model: string): Promise<void>;
  /** How many bytes may still be written, null where nobody knows. */
  room(): Promise<number | null>;
}

/** A file that is open for writing. Whoever opened it closes it. */
export interface ModelFileWriter {
  /** Its length in bytes. */
  size(): number;
  /**
   * Writes at a place; beyond the end the file grows, with zeros in between.
   *
   * @throws DOMException `QuotaExceededError`, or Node's `ENOSPC`, when there is no room left.
   */
  write(at: number, bytes: Uint8Array): void | Promise<void>;
  truncate(size: number): void;
  /** Returns once everything written is safe from a crash of the page. */
  flush(): void;
  close(): void;
}
