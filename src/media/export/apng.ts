import { ApngWriter } from '../../formats/index.ts';
import { noteChunks } from './png-note.ts';
import { wholeDurations } from '../durations.ts';
import type { Encode } from './types.ts';

/** APNG encoder: lossless; reuses the stored PNG files of unmodified frames. */
export const encodeApng: Encode = async (feed, sink, { plays, note }, { signal, onProgress }) => {
  const { width, height, count } = feed;
  const writer = new ApngWriter({ width, height, frames: count, plays, chunks: noteChunks(note) });
  const durations = wholeDurations(feed.seconds, 0.001, 1);
  let position = 0;
  const write = async (bytes: Uint8Array<ArrayBuffer>) => {
    await sink.write(bytes, position);
    position += bytes.length;
  };
  for (let i = 0; i < count; i++) {
    signal.throwIfAborted();
    await write(writer.frame(await feed.png(i), durations[i] ?? 1));
    onProgress({ done: i + 1, of: count });
  }
  await write(writer.end());
  return 'drift';
};
