import type { RemoteFile } from '../http.ts';
import type { LedgerFile } from './ledger.ts';

/** What is fetched for one piece, in bytes: long enough that a request costs little, short enough for memory. */
export const usualPiece = 12 * 2 ** 20;

/** One piece of a stored file, and how it is made. */
export interface Piece {
  /** Its place in the stored file. */
  readonly at: number;
  readonly length: number;
  /** Bytes over the network. */
  readonly download: number;
  /** Takes far more memory than a piece should: no two of these are made at once. */
  readonly large: boolean;
  make(signal: AbortSignal, onBytes: (count: number) => void): Promise<Uint8Array<ArrayBuffer>>;
}

/** One file of a model as it will be stored: decided before any of it is fetched. */
export interface PlannedFile {
  /** Its path in the model's folder. */
  readonly name: string;
  /** What people call it. */
  readonly part: string;
  readonly origin: LedgerFile['origin'];
  readonly layout: string;
  readonly size: number;
  readonly pieces: readonly Piece[];
  /** Where it comes only whole: its pieces are made in such a pass, one after the other, in their order. */
  readonly pass?: RemoteFile['pass'];
}

/** What the ledger says of where a file came from. */
export function originOf({ name, size, tag }: RemoteFile): LedgerFile['origin'] {
  return { url: name, size, tag };
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
