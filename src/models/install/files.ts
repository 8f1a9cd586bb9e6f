import type { ByteSource } from '../types.ts';

/**
 * File system for installed models: the origin private file system in the page, a folder in Node. A model is a folder
 * with the files that a static host would serve, plus `install.json`.
 */
export interface ModelFiles {
  /** Names of the models' folders. */
  list(): Promise<string[]>;
  /** All files of a model; names may contain slashes. Empty if the model does not exist. */
  files(model: string): Promise<{ name: string; size: number }[]>;
  /** Snapshot of a file for reading, with `readSync` if supported; null if it does not exist. */
  open(model: string, name: string): Promise<ByteSource | null>;
  /** Opens a file for random-access writing, keeping its contents; creates it and its folders if necessary. */
  writer(model: string, name: string): Promise<ModelFileWriter>;
  /** Removes a model's folder recursively, if it exists. */
  remove(model: string): Promise<void>;
  /** Bytes available for writing; null if unknown. */
  freeSpace(): Promise<number | null>;
}

/** A file open for writing. The caller closes it. */
export interface ModelFileWriter {
  /** Length in bytes. */
  size(): number;
  /**
   * Writes at a position; gaps are filled with zeros.
   *
   * @throws DOMException `QuotaExceededError`, or Node's `ENOSPC`, if storage is full
   */
  write(at: number, bytes: Uint8Array): void | Promise<void>;
  truncate(size: number): void;
  /** Returns once all writes are durable. */
  flush(): void;
  close(): void;
}
