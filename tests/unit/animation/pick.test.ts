import { describe, expect, it, onTestFinished } from 'vitest';
import { PickSession, makeRound } from '../../../src/animation/index.ts';
import type { Candidate, SpeculativeRound, RoundUpdate, RoundInput } from '../../../src/animation/index.ts';
import { isAbort } from '../../../src/base/index.ts';
import type { Picture } from '../../../src/base/index.ts';
import { defaultSettings } from '../../../src/project/index.ts';
import type { SpeculationReport } from '../../../src/project/index.ts';
import { tinyPipeline } from '../../support/tiny-pipeline.ts';
import { noisePicture } from '../compute/support.ts';

const settings = { ...defaultSettings, steps: 3, width: 64, height: 64, seed: 11 };
const insight = {
  guidance: 1,
  positivesBefore: null,
  positivesAfter: null,
  negativesBefore: null,
  negativesAfter: null,
  texture: null,
  predecessor: null,
  start: null,
  earlier: [],
};
const plain = (value: number): Picture => ({
  width: 64,
  height: 64,
  data: new Uint8ClampedArray(4 * 64 * 64).fill(value),
});
const input: RoundInput = { start: plain(1), origin: plain(1), frame: 0, roll: 0, batch: 3, settings };
/** Size in bytes of a round's five pictures: start, origin and three candidates. */
const bytesOfRound = 5 * 4 * 64 * 64;

/** A requested round and its outcome. */
interface RequestedRound {
  readonly events: RoundUpdate[];
  readonly controller: AbortController;
  done: boolean;
  error: unknown;
}

/** Waits for all pending microtasks and immediates. */
const settle = () => new Promise(setImmediate);

/**
 * A session over rounds that take 4 steps of one second each: 3 of denoising, and one for all 3 candidates, which are
 * 1, 2 and 3 more than ten times the picture that they are made from. A step ends when the test says so.
 */
function rig({ speculative = true, limit = 1e9 } = {}) {
  /** Names of the rounds in the order in which they began steps. */
  const steps: string[] = [];
  /** Names of the rounds that hold tensors. */
  const open = new Set<string>();
  const failing = new Set<string>();
  let clock = 0;
  let state: SpeculationReport = { ready: [], savedSeconds: 0, stepsAhead: 0 };
  const ahead: SpeculativeRound[] = [];
  let name = 0;
  const waiting: (() => void)[] = [];

  async function step(name: string) {
    steps.push(name);
    await new Promise<void>((resolve) => waiting.push(resolve));
    clock++;
  }

  async function* make({ start, roll }: RoundInput, { signal }: { signal: AbortSignal }) {
    const value = start.data[0] ?? 0;
    const name = roll > 0 ? `${value} again` : `${value}`;
    open.add(name);
    try {
      yield { kind: 'progress', stage: 'denoise', step: 0, of: 3 } as const;
      for (let done = 1; done <= 3; done++) {
        await step(name);
        signal.throwIfAborted();
        if (failing.has(name)) throw new Error(`${name} is broken`);
        yield { kind: 'progress', stage: 'denoise', step: done, of: 3 } as const;
      }
      await step(name);
      for (const index of [0, 1, 2]) {
        const picture = plain(value * 10 + index + 1);
        yield { kind: 'candidate', candidate: { index, variant: index, picture, insight } } as const;
      }
    } finally {
      open.delete(name);
    }
  }

  const session = new PickSession({
    make,
    limit,
    now: () => clock,
    activity: { speculative, lookedAt: null },
    onState: (next) => {
      state = next;
    },
    onAhead: (round) => {
      ahead.push(round);
    },
  });
  const stop = new AbortController();
  const running = session.run(stop.signal);
  onTestFinished(async () => {
    stop.abort();
    for (const resolve of waiting.splice(0)) resolve();
    await settle();
    for (const resolve of waiting.splice(0)) resolve();
    await running;
    expect([...open], 'rounds that were never freed').toEqual([]);
  });

  return {
    session,
    steps,
    open,
    failing,
    stop,
    running,
    state: () => state,
    ahead,
    /** Completes this many steps, one after another. */
    tick: async (count = 1) => {
      for (let i = 0; i < count; i++) {
        await settle();
        waiting.shift()?.();
      }
      await settle();
    },
    want: (part: Partial<RoundInput> = {}) => {
      const controller = new AbortController();
      const events: RoundUpdate[] = [];
      const result: RequestedRound = { events, done: false, error: null, controller };
      session
        .want(
          { ...input, ...part },
          {
            name: ++name,
            signal: controller.signal,
            previews: false,
            onEvent: (event) => {
              events.push(event);
            },
          },
        )
        .then(
          () => {
            result.done = true;
          },
          (error: unknown) => {
            result.error = error;
          },
        );
      return result;
    },
    /**
     * Request for the round after a candidate of the first round, as the page sends it: with that candidate's
     * picture.
     */
    after: (index: number): Partial<RoundInput> => ({ start: plain(11 + index), frame: 1 }),
  };
}

const valuesOf = (events: readonly RoundUpdate[]) =>
  events.flatMap((event) => (event.kind === 'candidate' ? [event.candidate.picture.data[0]] : []));

describe('speculation', () => {
  it('works on the requested round, then on the next rounds of its candidates in order', async () => {
    const { want, tick, steps } = rig();
    const round = want();
    await tick(16);
    expect(round.done).toBe(true);
    expect(valuesOf(round.events)).toEqual([11, 12, 13]);
    expect(steps).toEqual(['1', '11', '12', '13'].flatMap((name) => [name, name, name, name]));
    await tick(3);
    expect(steps, 'idle when all rounds are done').toHaveLength(16);
  });

  it('does nothing when it is turned off or before the round is finished', async () => {
    const { want, tick, steps, session } = rig({ speculative: false });
    want();
    await tick(8);
    expect(steps).toEqual(['1', '1', '1', '1']);
    session.setActivity({ speculative: true, lookedAt: null });
    await tick(1);
    expect(steps.at(-1)).toBe('11');
  });

  it('switches within one step to the candidate that is looked at, and resumes the suspended rounds later', async () => {
    const { want, tick, steps, session } = rig();
    want();
    await tick(5);
    expect(steps.slice(4)).toEqual(['11', '11']);
    session.setActivity({ speculative: true, lookedAt: 2 });
    await tick(4);
    expect(steps.slice(6)).toEqual(['13', '13', '13', '13']);
    await tick(3);
    expect(steps.slice(10)).toEqual(['11', '11', '12']);
  });

  it('delivers a finished round at once, without any further step', async () => {
    const { want, tick, steps, after, state } = rig();
    want();
    await tick(8);
    expect(state().ready).toEqual([0]);
    const before = steps.filter((name) => name === '11').length;
    const picked = want(after(0));
    await Promise.resolve();
    expect(valuesOf(picked.events)).toEqual([111, 112, 113]);
    await settle();
    expect(picked.done).toBe(true);
    expect(steps.filter((name) => name === '11')).toHaveLength(before);
    expect(state().savedSeconds).toBe(4);
  });

  it('sends each finished round in advance once, with the name of the round that it follows', async () => {
    const { want, tick, after, ahead, state } = rig();
    want();
    await tick(12);
    const sent = ahead.map((round) => [
      round.after,
      round.candidate,
      round.candidates.map(({ picture }) => picture.data[0]),
    ]);
    expect(sent).toEqual([
      [1, 0, [111, 112, 113]],
      [1, 1, [121, 122, 123]],
    ]);
    expect(ahead[0]?.seconds).toBe(4);
    expect(state().ready).toEqual([0, 1]);
    // The same round by another name: it is still cached, so it is sent again.
    want(after(0));
    want();
    await settle();
    expect(ahead.slice(2).map((round) => [round.after, round.candidate])).toEqual([[3, 0]]);
  });

  it('counts the steps made ahead, including the step in progress when a candidate is picked', async () => {
    const { want, tick, after, state } = rig();
    want();
    await tick(6);
    expect(state().stepsAhead).toBe(2);
    const picked = want(after(1));
    await tick(1);
    expect(state().stepsAhead).toBe(3);
    await tick(4);
    expect(picked.done).toBe(true);
    expect(state().stepsAhead, 'no speculative steps while a requested round is in progress').toBe(3);
  });

  it('keeps the progress of the picked round and cancels the others within one step', async () => {
    const { want, tick, steps, after, open, session } = rig();
    want();
    // Candidate 1 has one step. Candidate 2 has three, and was left for candidate 3, which is in its second.
    await tick(4);
    session.setActivity({ speculative: true, lookedAt: 1 });
    await tick(3);
    session.setActivity({ speculative: true, lookedAt: 2 });
    await tick(2);
    expect([...open].sort()).toEqual(['11', '12', '13']);
    const before = steps.length;
    const picked = want(after(1));
    await tick(1);
    expect([...open]).toEqual(['12']);
    await tick(1);
    expect(steps.slice(before, before + 2), 'only the steps that were missing').toEqual(['12', '121']);
    expect(picked.done).toBe(true);
    expect(valuesOf(picked.events)).toEqual([121, 122, 123]);
    // Three steps were done in advance; the step in progress for another candidate delayed the round.
    expect(session.savedSeconds).toBe(2);
  });

  it('never runs before a requested round', async () => {
    const { want, tick, steps } = rig();
    const first = want();
    await tick(6);
    const again = want({ roll: 1 });
    await tick(5);
    expect(steps.slice(7)).toEqual(['1 again', '1 again', '1 again', '1 again', ...steps.slice(11)]);
    expect([first.done, again.done]).toEqual([true, true]);
    await tick(4);
    // The new round's candidates have the same values here; the speculative rounds of the old ones are gone.
    expect(steps.slice(11).every((name) => name !== '1' && name !== '1 again')).toBe(true);
  });

  it('keeps an error until the failed round is requested, then rejects with it; the next request retries', async () => {
    const { want, tick, steps, after, failing, session, state } = rig();
    failing.add('11');
    want();
    await tick(16);
    expect(steps.filter((name) => name === '11')).toHaveLength(1);
    expect(state().ready).toEqual([1, 2]);
    const picked = want(after(0));
    await settle();
    expect(picked.error).toEqual(new Error('11 is broken'));
    expect(session.savedSeconds).toBe(0);
    failing.clear();
    const again = want(after(0));
    await tick(4);
    expect(again.done).toBe(true);
  });

  it('continues after a requested round has failed', async () => {
    const { want, tick, failing } = rig();
    failing.add('1');
    const round = want();
    await tick(1);
    expect(round.error).toEqual(new Error('1 is broken'));
    failing.clear();
    const again = want();
    await tick(4);
    expect(again.done).toBe(true);
  });
});

describe('memory', () => {
  it('is bounded however long the session lasts and whichever candidates are looked at', async () => {
    const { want, tick, steps, session, state, after } = rig({ limit: 2 * bytesOfRound });
    want();
    await tick(30);
    expect(state().ready).toEqual([0, 1]);
    expect(steps).toHaveLength(12);
    session.setActivity({ speculative: true, lookedAt: 2 });
    await tick(8);
    // The least likely round was evicted for the likeliest.
    expect(state().ready).toEqual([0, 2]);
    expect(steps.slice(12)).toEqual(['13', '13', '13', '13']);
    const picked = want(after(0));
    await settle();
    expect(picked.done).toBe(true);
  });

  it('keeps earlier rounds for going back while there is room, and evicts the oldest first', async () => {
    const { want, tick, steps, after } = rig({ speculative: false, limit: bytesOfRound });
    want();
    await tick(4);
    want(after(0));
    await tick(4);
    const back = want();
    await settle();
    expect(back.done).toBe(true);
    expect(steps).toHaveLength(8);
    want(after(1));
    await tick(4);
    const older = want(after(0));
    await settle();
    expect(older.done, 'the older round was evicted').toBe(false);
    await tick(4);
    expect(older.done).toBe(true);
  });

  it('is too small for one round: no speculation', async () => {
    const { want, tick, steps } = rig({ limit: bytesOfRound - 1 });
    const round = want();
    await tick(12);
    expect(round.done).toBe(true);
    expect(steps).toHaveLength(4);
  });
});

describe('aborting', () => {
  it('a round frees it within one step', async () => {
    const { want, tick, steps, open } = rig();
    const round = want();
    await tick(2);
    round.controller.abort();
    await tick(1);
    expect(round.error).toSatisfy(isAbort);
    expect(steps).toHaveLength(3);
    expect([...open]).toEqual([]);
    const again = want();
    await tick(4);
    expect(again.done).toBe(true);
  });

  it('the session rejects waiting requests, frees everything within one step, and rejects new requests', async () => {
    const { want, tick, steps, open, stop, running, session, after } = rig();
    want();
    await tick(6);
    const picked = want(after(2));
    await settle();
    stop.abort();
    await tick(1);
    await running;
    expect(picked.error).toSatisfy(isAbort);
    expect(steps).toHaveLength(7);
    expect([...open]).toEqual([]);
    const late = want();
    await settle();
    expect(late.error).toSatisfy(isAbort);
    session.close();
  });
});

describe('with a model', () => {
  it('five rounds with one step back and a second branch have the same candidates with and without speculation', async () => {
    const { runtime, compute, pipeline, embedPrompts } = await tinyPipeline();
    const start = await noisePicture(7, 20, 10);
    const small = { ...settings, width: 16, height: 12 };

    /** Picks along a path of candidates (-1 goes back), with some steps of speculation between picks. */
    async function walk(speculative: boolean, way: readonly number[]): Promise<Candidate[][]> {
      let ready: readonly number[] = [];
      const session = new PickSession({
        make: (round, watch) => makeRound(pipeline, round, embedPrompts, watch),
        limit: 1e8,
        now: () => runtime.runs.length,
        activity: { speculative, lookedAt: null },
        onState: (state) => {
          ready = state.ready;
        },
      });
      const stop = new AbortController();
      const running = session.run(stop.signal);
      const rounds: Candidate[][] = [];
      const path = [start];
      for (const [turn, pick] of [...way, 0].entries()) {
        const picture = path.at(-1) ?? start;
        const round = {
          start: picture,
          origin: start,
          frame: path.length - 1,
          roll: 0,
          batch: 2,
          settings: small,
        };
        const candidates: Candidate[] = [];
        const onEvent = (event: RoundUpdate) => {
          if (event.kind === 'candidate') candidates.push(event.candidate);
        };
        await session.want(round, { name: 1, signal: stop.signal, previews: true, onEvent });
        rounds.push(candidates);
        // From no time at all to enough for the next round.
        for (let wait = 0; wait < 12 * turn; wait++) await settle();
        while (speculative && (turn === 4 || turn === 5) && !ready.includes(pick)) await settle();
        const picked = candidates[pick]?.picture;
        if (picked) path.push(picked);
        else path.pop();
      }
      expect(session.savedSeconds > 0).toBe(speculative);
      stop.abort();
      await running;
      expect(compute.liveTensors).toBe(0);
      return rounds;
    }

    const way = [0, 1, 1, -1, 0, 1];
    const pixels = (rounds: Candidate[][]) =>
      rounds.map((round) => round.map(({ picture }) => [...picture.data]));
    const plainly = pixels(await walk(false, way));
    expect(pixels(await walk(true, way))).toEqual(plainly);
    expect(plainly[2]).toEqual(plainly[4]);
    await pipeline.release();
    expect(runtime.liveSessions).toBe(0);
  });
});
