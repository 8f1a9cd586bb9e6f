import type { RemoteFile } from '../http.ts';
import type { JournalFile } from './journal.ts';

/** Bytes fetched per chunk: large enough to amortise a request, small enough for memory. */
export const defaultChunkLength = 12 * 2 ** 20;

/** Byte range of a file, end exclusive. */
export interface Span {
  readonly begin: number;
  readonly end: number;
}

interface BaseChunk {
  /** Offset in the stored file. */
  readonly at: number;
  readonly length: number;
  /** Bytes to download. */
  readonly download: number;
}

/** A chunk made from one byte range of a file. */
export interface RangeChunk extends BaseChunk {
  readonly span: Span;
  /** @param bytes Contents of the span. */
  make(bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
}

/** A chunk read by other means: in a compressed file its byte range is unknown. */
export interface UnrangedChunk extends BaseChunk {
  readonly span: null;
  /** Needs far more memory than usual: such chunks are made one at a time. */
  readonly large: boolean;
  make(signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
}

/** A chunk of a stored file, and how it is made. */
export type PlannedChunk = RangeChunk | UnrangedChunk;

/** A stored file of a model, planned before anything is fetched. */
export interface PlannedFile {
  /** Path in the model's folder. */
  readonly name: string;
  /** Name for users. */
  readonly part: string;
  /** Source file; null for files that Drift writes itself. */
  readonly from: RemoteFile | null;
  readonly layout: string;
  readonly size: number;
  readonly chunks: readonly PlannedChunk[];
}

/** Origin of a file for the journal. */
export function originOf({ from }: PlannedFile): JournalFile['origin'] {
  return from && { url: from.name, size: from.size, tag: from.tag };
}

/** SHA-256 in hexadecimal. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** SHA-256 of a value's JSON. */
export function fingerprint(value: unknown): Promise<string> {
  return sha256(new TextEncoder().encode(JSON.stringify(value)));
}
