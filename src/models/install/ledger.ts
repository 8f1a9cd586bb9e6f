import * as v from 'valibot';
import { modelSourceSchema } from './source.ts';

/** The ledger of an installed model, in its folder; `ledgerSpare` holds the same while this one is being written. */
export const ledgerName = 'install.json';
export const ledgerSpare = 'install.new.json';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const time = v.pipe(v.string(), v.isoTimestamp());

const pieceSchema = v.object({
  /** Its place in the stored file. */
  at: count,
  length: count,
  /** Of its bytes as they are stored; null while it is missing. */
  sha256: v.nullable(sha256),
});
export type LedgerPiece = v.InferOutput<typeof pieceSchema>;

const fileSchema = v.object({
  name: v.pipe(v.string(), v.minLength(1)),
  /** Which file it was made from; null for what Drift writes itself. */
  origin: v.nullable(
    v.object({
      url: v.string(),
      size: count,
      /** Its version, where the server tells it: see `RemoteFile.tag`. */
      tag: v.nullable(v.string()),
    }),
  ),
  /** SHA-256 of how the stored file is made from the origin; another layout is another file. */
  layout: sha256,
  size: count,
  pieces: v.array(pieceSchema),
});
export type LedgerFile = v.InferOutput<typeof fileSchema>;

export const ledgerSchema = v.object({
  /** Version of this format. */
  version: v.literal(1),
  /** Counts up with every writing, so that of two whole ledgers the newer is known. */
  generation: count,
  source: modelSourceSchema,
  started: time,
  /** When it was first whole; null until then. */
  finished: v.nullable(time),
  /** What fetching all of it takes, in bytes over the network. */
  downloadBytes: count,
  files: v.array(fileSchema),
});

/** What is known of an installed model: where it came from, what is there, and a checksum of each piece. */
export type Ledger = v.InferOutput<typeof ledgerSchema>;
