import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asRemoteFile } from '../../../../src/models/http.ts';
import type { PlannedFile, Span } from '../../../../src/models/install/chunks.ts';
import { coalesce } from '../../../../src/models/install/ranges.ts';
import type { MissingChunk, CoalescedRange } from '../../../../src/models/install/ranges.ts';
import { memorySource } from '../../../../src/models/source.ts';

/** Files with chunks at the given spans; null is a chunk that is not downloaded by ranges. */
function missingOf(files: readonly (readonly (Span | null)[])[], inOrder = false): MissingChunk[] {
  return files.flatMap((spans, index) => {
    const from = { ...asRemoteFile(memorySource(`${index}`, new Uint8Array(0)), null), inOrder };
    const file: PlannedFile = { name: `${index}`, part: '', from, layout: '', size: 0, chunks: [] };
    return spans.map((span, at): MissingChunk => {
      const entry = { at, length: 1, sha256: null };
      const chunk = { at, length: 1, download: 10, make: () => Promise.resolve(new Uint8Array(1)) };
      return { file, entry, chunk: span ? { ...chunk, span } : { ...chunk, span, large: false } };
    });
  });
}

const chunksOf = (range: CoalescedRange): readonly MissingChunk[] => ('chunk' in range ? [range] : range);

/** Chunks of 10 bytes, some not downloaded by ranges, with gaps between some. */
const anySpans = fc
  .array(fc.record({ gap: fc.boolean(), whole: fc.integer({ min: 0, max: 5 }) }), { maxLength: 60 })
  .map((chunks) => {
    let at = 0;
    return chunks.map(({ gap, whole }) => {
      const begin = gap ? at + 7 : at;
      at = begin + 10;
      return whole === 0 ? null : { begin, end: at };
    });
  });

describe('coalesce', () => {
  it('returns every chunk once and in order, each range in one file and without gaps', () => {
    fc.assert(
      fc.property(fc.array(anySpans, { maxLength: 4 }), fc.integer({ min: 1, max: 8 }), (files, workers) => {
        const missing = missingOf(files);
        const ranges = coalesce(missing, workers);
        expect(ranges.flatMap(chunksOf).map(({ entry }) => entry)).toEqual(missing.map(({ entry }) => entry));
        for (const range of ranges) {
          if ('chunk' in range) continue;
          for (const [index, { file, chunk }] of range.slice(1).entries()) {
            expect(file).toBe(range[index]?.file);
            expect(chunk.span.begin).toBe(range[index]?.chunk.span.end);
          }
        }
      }),
    );
  });

  it('returns long ranges first and single chunks last, to balance the connections', () => {
    const spans = Array.from({ length: 100 }, (_, index) => ({ begin: 10 * index, end: 10 * index + 10 }));
    const lengths = coalesce(missingOf([spans]), 4).map((range) => chunksOf(range).length);
    expect(lengths[0]).toBe(8);
    expect(lengths.slice(-4)).toEqual([1, 1, 1, 1]);
    expect(lengths).toEqual([...lengths].sort((a, b) => b - a));
  });

  it('returns one range for each file without range requests, whatever is missing', () => {
    const spans = Array.from({ length: 50 }, (_, index) => ({ begin: 20 * index, end: 20 * index + 10 }));
    const lengths = coalesce(missingOf([spans, spans], true), 4).map((each) => chunksOf(each).length);
    expect(lengths).toEqual([50, 50]);
  });
});
