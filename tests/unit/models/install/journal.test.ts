import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { journalSchema, stringifyJournal } from '../../../../src/models/install/journal.ts';
import { stableDiffusionVariations } from '../../../../src/models/install/stable-diffusion.ts';

describe('install journal', () => {
  // Users have journals in this format; a change would make them download gigabytes again.
  const stored = {
    version: 1,
    generation: 7,
    source: stableDiffusionVariations,
    started: '2026-11-20T10:00:00.000Z',
    finished: null,
    downloadBytes: 30,
    files: [
      {
        name: 'unet/config.json',
        origin: { url: 'https://models.example/unet/config.json', size: 30, tag: '"a"' },
        layout: 'c'.repeat(64),
        size: 30,
        pieces: [
          { at: 0, length: 20, sha256: 'd'.repeat(64) },
          { at: 20, length: 10, sha256: null },
        ],
      },
    ],
  };

  it('reads and writes the stored format of version 1', () => {
    const journal = v.parse(journalSchema, stored);
    expect(journal.files[0]?.chunks).toEqual(stored.files[0]?.pieces);
    expect(JSON.parse(stringifyJournal(journal))).toEqual(stored);
  });
});
