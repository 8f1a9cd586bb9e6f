import type { RemoteFile } from '../http.ts';
import type { LedgerFile } from './ledger.ts';

/** What is fetched for one piece, in bytes: long enough that a request costs little, short enough for memory. */
export const usualPiece = 12 * 2 ** 20;

/** Some bytes of a file: the first, and the one after the last. */
export interface Span {
  readonly begin: number;
  readonly end: number;
}

interface AnyPiece {
  /** Its place in the stored file. */
  readonly at: number;
  readonly length: number;
  /** Bytes over the network. */
  readonly download: number;
}

/** A piece that is made of some bytes of a file and nothing else. */
export interface SpanPiece extends AnyPiece {
  readonly span: Span;
  /** @param bytes - those of the span */
  make(bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
}

/** A piece that is read in another way: of a compressed file nobody knows which bytes make what. */
export interface ReadPiece extends AnyPiece {
  readonly span: null;
  /** Takes far more memory than a piece should: no two of these are made at once. */
  readonly large: boolean;
  make(signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
}

/** One piece of a stored file, and how it is made. */
export type Piece = SpanPiece | ReadPiece;

/** One file of a model as it will be stored: decided before any of it is fetched. */
export interface PlannedFile {
  /** Its path in the model's folder. */
  readonly name: string;
  /** What people call it. */
  readonly part: string;
  /** What it is made of; null for what Drift writes itself. */
  readonly from: RemoteFile | null;
  readonly layout: string;
  readonly size: number;
  readonly pieces: readonly Piece[];
}

/** What the ledger says of where a file came from. */
export function originOf({ from }: PlannedFile): LedgerFile['origin'] {
  return from && { url: from.name, size: from.size, tag: from.tag };
}

/** SHA-256 in hexadecimal digits. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** SHA-256 of what JSON says of a value. */
export function fingerprint(value: unknown): Promise<string> {
  return sha256(new TextEncoder().encode(JSON.stringify(value)));
}
