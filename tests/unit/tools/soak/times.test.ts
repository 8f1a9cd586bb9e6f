import { describe, expect, it } from 'vitest';
import type { CallEvent } from '../../../../tools/soak/call-log.ts';
import { frameTimes, loadTimes, attemptTimes } from '../../../../tools/soak/times.ts';

const get = (at: number, stage: 'look' | 'download' | 'verify', done: number, of: number): CallEvent => ({
  at,
  kind: 'get',
  event: { kind: 'progress', stage, done, of, bytesPerSecond: null, secondsLeft: null },
});
const load = (at: number, stage: 'verify' | 'session', part: string, done: number): CallEvent => ({
  at,
  kind: 'load',
  event: { stage, part, done, of: 2 },
});
const made = (at: number, stage: string, step: number, of: number): CallEvent => ({
  at,
  kind: 'generate',
  event: { kind: 'progress', progress: { stage, step, of } },
});

describe('attemptTimes', () => {
  it('splits a download into look, verify and download, up to its end', () => {
    const events: CallEvent[] = [
      { at: 1000, kind: 'called', method: 'get' },
      get(1000, 'look', 0, 0),
      get(3000, 'verify', 0, 300),
      get(4500, 'verify', 300, 300),
      get(5000, 'download', 300, 1000),
      get(9000, 'download', 650, 1000),
    ];
    expect(attemptTimes(events, 9500)).toEqual({
      look: 2,
      verify: 2,
      download: 4.5,
      began: 5000,
      ended: 9500,
      from: 0.3,
      to: 0.65,
      of: 1000,
    });
  });

  it('has no verify time where nothing was stored', () => {
    const events: CallEvent[] = [{ at: 0, kind: 'called', method: 'get' }, get(2000, 'download', 0, 10)];
    expect(attemptTimes(events, 3000)).toMatchObject({ look: 2, verify: 0, download: 1, from: 0 });
  });
});

it('loadTimes splits a load by network, and ignores an earlier load', () => {
  const events: CallEvent[] = [
    { at: 0, kind: 'called', method: 'load' },
    load(100, 'session', 'UNet', 0),
    { at: 200, kind: 'result', method: 'load' },
    { at: 1000, kind: 'called', method: 'load' },
    load(1000, 'verify', 'files', 0),
    load(3000, 'verify', 'files', 2),
    load(3500, 'session', 'UNet', 0),
    load(8500, 'session', 'decoder', 1),
    load(9500, 'session', '', 2),
    { at: 9600, kind: 'result', method: 'load' },
  ];
  expect(loadTimes(events)).toEqual({ all: 8.6, verify: 2, networks: { UNet: 5, decoder: 1 } });
});

describe('frameTimes', () => {
  const called: CallEvent = { at: 0, kind: 'called', method: 'generate' };
  it('splits a frame by stage and step', () => {
    const events: CallEvent[] = [
      called,
      made(1000, 'encode', 0, 1),
      made(2000, 'guidance', 0, 1),
      made(2500, 'denoise', 0, 2),
      made(9500, 'denoise', 1, 2),
      made(12_500, 'denoise', 2, 2),
      made(12_500, 'decode', 0, 1),
      { at: 14_000, kind: 'result', method: 'generate' },
    ];
    expect(frameTimes(events)).toEqual({ all: 14, prompts: 1, encode: 1.5, steps: [7, 3], decode: 1.5 });
  });

  it('of a frame that was made again has the steps of the last attempt', () => {
    const events: CallEvent[] = [
      called,
      made(1000, 'encode', 0, 1),
      made(2000, 'denoise', 0, 1),
      made(3000, 'denoise', 1, 1),
      made(4000, 'denoise', 0, 1),
      made(9000, 'denoise', 1, 1),
      { at: 9000, kind: 'result', method: 'generate' },
    ];
    expect(frameTimes(events)).toMatchObject({ all: 9, steps: [5] });
  });
});
