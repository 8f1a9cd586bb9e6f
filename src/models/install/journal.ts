import * as v from 'valibot';
import { modelSourceSchema } from './source.ts';

/** File name of the install journal; `journalCopyName` is its second copy, written first. */
export const journalName = 'install.json';
export const journalCopyName = 'install.new.json';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const time = v.pipe(v.string(), v.isoTimestamp());

const chunkSchema = v.object({
  /** Offset in the stored file. */
  at: count,
  length: count,
  /** SHA-256 of the stored bytes; null while the chunk is missing. */
  sha256: v.nullable(sha256),
});
export type JournalChunk = v.InferOutput<typeof chunkSchema>;

/** As stored: version 1 of the format calls chunks `pieces`. */
const storedFileSchema = v.object({
  name: v.pipe(v.string(), v.minLength(1)),
  /** The file it was made from; null for files that Drift writes itself. */
  origin: v.nullable(
    v.object({
      url: v.string(),
      size: count,
      /** Version, if the server reports it: see `RemoteFile.tag`. */
      tag: v.nullable(v.string()),
    }),
  ),
  /** SHA-256 of the parameters by which the stored file is made from its origin. */
  layout: sha256,
  size: count,
  pieces: v.array(chunkSchema),
});
const fileSchema = v.pipe(
  storedFileSchema,
  v.transform(({ pieces, ...file }) => ({ ...file, chunks: pieces })),
);
export type JournalFile = v.InferOutput<typeof fileSchema>;

export const journalSchema = v.object({
  /** Format version. */
  version: v.literal(1),
  /** Incremented by every write, to find the newer of two intact copies. */
  generation: count,
  source: modelSourceSchema,
  started: time,
  /** When it was first complete; null until then. */
  finished: v.nullable(time),
  /** Total bytes to download. */
  downloadBytes: count,
  files: v.array(fileSchema),
});

/** Install journal of a model: its source, its files, and the checksum of each stored chunk. */
export type InstallJournal = v.InferOutput<typeof journalSchema>;

/** The JSON of a journal as it is stored; `journalSchema` parses it. */
export function stringifyJournal(journal: InstallJournal): string {
  const files = journal.files.map(({ chunks, ...file }) => ({ ...file, pieces: chunks }));
  return JSON.stringify({ ...journal, files });
}
