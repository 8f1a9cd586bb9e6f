import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultSettings } from '../../../src/project/index.ts';
import type { GenerationProgress } from '../../../src/store/index.ts';
import {
  bytes,
  comingFraction,
  duration,
  fetchWords,
  loadWords,
  outcomeWords,
  pageTitle,
  runFraction,
  runWords,
  timeLeft,
} from '../../../src/ui/shared/words.ts';
import { machineWords } from '../../../src/ui/library/machineWords.ts';

const run = {
  id: 1,
  phase: 'running',
  frames: 3,
  made: 1,
  width: 64,
  height: 64,
  begun: 0,
  settings: defaultSettings,
  preview: null,
} as const;

const at = (frame: number, stage: GenerationProgress['stage'], step: number, of: number) => ({
  ...run,
  progress: { frame, frames: 3, stage, step, of, secondsLeft: null },
});

describe('the words of the page', () => {
  it.each([
    [0.2, '1 s'],
    [59.4, '59 s'],
    [60, '1 min'],
    [125, '2 min 5 s'],
    [3600, '1 h'],
    [3840, '1 h 4 min'],
  ])('%d seconds are %s', (seconds, words) => {
    expect(duration(seconds)).toBe(words);
  });

  it.each([
    [0.4, 'nearly done'],
    [7.6, '8 s left'],
    [33, 'about 35 s left'],
    [200, 'about 3 min left'],
    [5000, '1 h 25 min left'],
  ])('%d seconds left are “%s”', (seconds, words) => {
    expect(timeLeft(seconds)).toBe(words);
  });

  it.each([
    [812_000, '812 kB'],
    [3_440_000, '3.4 MB'],
    [86_000_000, '86 MB'],
    [3_440_000_000, '3.44 GB'],
  ])('%d bytes are %s', (count, words) => {
    expect(bytes(count)).toBe(words);
  });

  it('a run and its stage', () => {
    expect(runWords(at(1, 'denoise', 7, 20))).toBe('Frame 2 of 3 · step 7 of 20');
    expect(runWords(at(1, 'encode', 0, 1))).toBe('Frame 2 of 3 · looking');
    expect(runWords({ ...run, progress: null })).toBe('Frame 2 of 3');
    // Progress of a finished frame is ignored.
    expect(runWords(at(0, 'decode', 1, 1))).toBe('Frame 2 of 3');
    expect(runWords({ ...run, made: 3, progress: null })).toBe('Frame 3 of 3');
  });

  it('frames made in one batch', () => {
    const { progress } = at(1, 'denoise', 10, 20);
    const two = { ...run, frames: 5, progress: { ...progress, frames: 5, batch: 2 } };
    expect(runWords(two)).toBe('Frames 2–3 of 5 · step 10 of 20');
    expect([runFraction(two), comingFraction(two)]).toEqual([0.4, 0.5]);
    // The first has arrived; the other is still being made.
    expect(runFraction({ ...two, made: 2 })).toBe(0.4);
    expect(runWords({ ...two, made: 3 })).toBe('Frame 4 of 5');
    expect(comingFraction({ ...two, made: 3 })).toBe(0);
  });

  it('how a run ended', () => {
    expect(outcomeWords({ kind: 'done', made: 30, seconds: 65 })).toBe('Made 30 frames in 1 min 5 s.');
    expect(outcomeWords({ kind: 'stopped', made: 0, seconds: 2 })).toBe('Stopped.');
    expect(outcomeWords({ kind: 'failed', made: 1, seconds: 2 })).toBe(
      'Ended by an error. Made 1 frame in 2 s.',
    );
  });

  it('loading a model', () => {
    expect(loadWords({ stage: 'download', part: 'unet', done: 12e6, of: 48e6 })).toEqual({
      text: 'unet, 12 MB of 48 MB',
      fraction: 0.25,
    });
    expect(loadWords({ stage: 'download', part: 'files', done: 3.4e6, of: 0 })).toEqual({
      text: 'files, 3.4 MB',
      fraction: 0,
    });
    expect(loadWords({ stage: 'session', part: 'vae', done: 1, of: 0 }).fraction).toBe(0);
    expect(
      loadWords({ stage: 'session', part: 'UNet', done: 0, of: 4, read: { done: 820e6, of: 1.64e9 } }),
    ).toEqual({ text: 'starting UNet, 820 MB of 1.64 GB', fraction: 0.125 });
  });

  it('downloading a model', () => {
    const progress = {
      kind: 'progress',
      stage: 'download',
      done: 1e9,
      of: 4e9,
      bytesPerSecond: 50e6,
      secondsLeft: 60,
    } as const;
    expect(fetchWords({ phase: 'running', progress })).toEqual({
      text: '1.00 GB of 4.00 GB · 50 MB/s · about 1 min left',
      fraction: 0.25,
    });
    expect(fetchWords({ phase: 'paused', progress }).text).toBe('Paused at 1.00 GB of 4.00 GB');
    expect(fetchWords({ phase: 'pausing', progress }).text).toMatch(/^Pausing, keeping what has come/);
    expect(fetchWords({ phase: 'waiting', progress }).text).toMatch(/network/);
    expect(fetchWords({ phase: 'running', progress: null }).fraction).toBe(0);
  });

  it('whether a model will run on this machine', () => {
    const cost = { size: 512, memory: 3.1e9, lowMemory: 1.9e9, problem: null, largestSide: null };
    const gpu = {
      kind: 'webgpu',
      precision: 'float16',
      name: 'A fine GPU',
      reason: '',
      software: false,
      limits: { maxBufferSize: 2 ** 31, maxStorageBufferBindingSize: 2 ** 31 },
    } as const;
    expect(machineWords(cost, gpu, false)).toEqual({
      will: 'yes',
      text: 'It should run well here: A fine GPU has float16. It needs about 3.10 GB of GPU memory, or 1.90 GB with “Low memory”.',
    });
    expect(machineWords(cost, gpu, true).text).toMatch(/about 1.90 GB of GPU memory with “Low memory”/);
    expect(machineWords(cost, { ...gpu, precision: 'float32' }, false).text).toMatch(/no float16.*twice/);
    expect(machineWords(cost, { ...gpu, software: true }, false).text).toMatch(/no real GPU/);
    const problem = { message: 'Too large.', remedy: 'Use another.' };
    expect(machineWords({ ...cost, problem, largestSide: 384 }, gpu, false)).toEqual({
      will: 'slowly',
      text: 'Too large. Pictures of up to 384×384 pixels work here, instead of 512×512.',
    });
    const hopeless = machineWords({ ...cost, problem }, gpu, false);
    expect(hopeless).toEqual({ will: 'no', text: 'Too large. Use another.' });
    const none = { ...gpu, kind: 'cpu', precision: 'float32', limits: null } as const;
    expect(machineWords({ ...cost, problem }, none, false)).toMatchObject({ will: 'no' });
    expect(machineWords(cost, none, false)).toMatchObject({ will: 'slowly' });
    expect(machineWords(cost, null, false)).toMatchObject({ will: 'unknown' });
  });

  it('the title of the tab', () => {
    expect(pageTitle(at(1, 'denoise', 10, 20), null, false)).toBe('50 % · frame 2 of 3 – Drift');
    expect(pageTitle(null, null, true)).toBe('Loading – Drift');
    expect(pageTitle(null, null, false)).toBe('Drift');
    expect(pageTitle(null, null, false, { kind: 'done', made: 3 })).toBe('✓ 3 frames made – Drift');
    expect(pageTitle(null, null, false, { kind: 'failed', made: 3 })).toBe('Ended by an error – Drift');
    expect(pageTitle(null, null, false, { kind: 'stopped', made: 3 })).toBe('Drift');
    expect(pageTitle({ ...run, phase: 'waiting', progress: null }, null, true)).toBe('Waiting – Drift');
  });

  it('the title of the tab while picking by hand', () => {
    const round = {
      id: 1,
      number: 7,
      roll: 0,
      phase: 'making',
      variants: [],
      progress: { kind: 'progress', stage: 'denoise', step: 3, of: 12 },
      settings: defaultSettings,
    } as const;
    expect(pageTitle(null, round, false)).toBe('25 % · frame 7 – Drift');
    expect(pageTitle(null, { ...round, progress: null }, false)).toBe('0 % · frame 7 – Drift');
    expect(pageTitle(null, { ...round, phase: 'waiting' }, true)).toBe('Waiting – Drift');
    expect(pageTitle(null, { ...round, phase: 'done', progress: null }, false)).toBe(
      'Take one for frame 7 – Drift',
    );
  });
});

describe('the fraction of a run that is done', () => {
  it('never decreases, and ends at 1', () => {
    const stages = ['encode', 'guidance', 'denoise', 'decode'] as const;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 9 }), (frames, of) => {
        let last = 0;
        for (let frame = 0; frame < frames; frame++) {
          for (const stage of stages) {
            for (let step = 0; step <= of; step++) {
              const progress = { frame, frames, stage, step, of, secondsLeft: null };
              const fraction = runFraction({ frames, made: frame, progress });
              expect(fraction).toBeGreaterThanOrEqual(last - 1e-12);
              expect(fraction).toBeLessThanOrEqual(1);
              last = fraction;
            }
          }
        }
        expect(runFraction({ frames, made: frames, progress: null })).toBe(1);
      }),
    );
  });
});
