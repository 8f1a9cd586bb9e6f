import { describe, expect, it, vi } from 'vitest';
import { attendLongRuns } from '../../../src/store/long-runs.ts';
import { setNotifyAtEnd } from '../../../src/store/run-notifications.ts';
import { Rig, until } from './rig.ts';

/** A page with a loaded model and a start picture. */
async function attended(): Promise<Rig> {
  const rig = new Rig();
  await rig.ready();
  attendLongRuns(rig.stores);
  return rig;
}

/** Starts a run of several frames; resolves at its first frame. */
async function begun(rig: Rig): Promise<{ readonly ended: Promise<void> }> {
  rig.nextFrame.shut();
  const before = rig.stores.animation.getState().frames.length;
  const ended = rig.stores.generation.generate();
  await until(rig.stores.animation, ({ frames }) => frames.length === before + 1);
  return { ended };
}

describe('the screen', () => {
  it('stays on during a run, and not after it', async () => {
    const rig = await attended();
    expect(rig.tab.locks).toBe(0);
    const { ended } = await begun(rig);
    expect(rig.tab.locks).toBe(1);
    rig.nextFrame.open();
    await ended;
    await vi.waitFor(() => {
      expect(rig.tab.locks).toBe(0);
    });
    expect(rig.tab.lockRequests).toBe(1);
  });

  it('stays on again when the tab is shown again during the run', async () => {
    const rig = await attended();
    const { ended } = await begun(rig);
    rig.tab.setHidden(true);
    expect(rig.tab.locks).toBe(0);
    rig.tab.setHidden(false);
    await vi.waitFor(() => {
      expect(rig.tab.locks).toBe(1);
    });
    rig.nextFrame.open();
    await ended;
    await vi.waitFor(() => {
      expect(rig.tab.locks).toBe(0);
    });
    rig.tab.setHidden(true);
    rig.tab.setHidden(false);
    await Promise.resolve();
    expect(rig.tab.locks).toBe(0);
  });

  it('is not kept on if the run ended before the browser answered', async () => {
    const rig = await attended();
    const running = rig.stores.generation.generate();
    rig.stores.generation.stop();
    await running;
    await vi.waitFor(() => {
      expect([rig.tab.lockRequests, rig.tab.locks]).toEqual([1, 0]);
    });
  });

  it('may go off where the browser refuses: the run goes on, and the next one asks again', async () => {
    const rig = await attended();
    rig.tab.refusesLocks = true;
    await rig.stores.generation.generate();
    expect(rig.stores.generation.getState().outcome?.kind).toBe('done');
    expect(rig.tab.lockRequests).toBe(1);
    expect(rig.stores.notices.getState().notices).toEqual([]);
    rig.tab.refusesLocks = false;
    const { ended } = await begun(rig);
    expect(rig.tab.locks).toBe(1);
    rig.nextFrame.open();
    await ended;
  });

  it('stays on while a round of variants or a file is made', async () => {
    const rig = await attended();
    rig.stores.settings.set({ mode: 'pick' });
    rig.nextCandidate.shut();
    const round = rig.stores.pick.begin();
    await until(rig.stores.pick, (state) => state.round?.phase === 'making');
    expect(rig.tab.locks).toBe(1);
    rig.nextCandidate.open();
    await round;
    await vi.waitFor(() => {
      expect(rig.tab.locks).toBe(0);
    });
    rig.stores.pick.stop();

    await rig.stores.generation.generate();
    rig.encoding.shut();
    const saving = rig.stores.exporter.download('gif');
    await vi.waitFor(() => {
      expect(rig.tab.locks).toBe(1);
    });
    rig.encoding.open();
    await saving;
    await vi.waitFor(() => {
      expect(rig.tab.locks).toBe(0);
    });
  });
});

describe('a notification at the end of a run', () => {
  const switchOn = (rig: Rig) => rig.tab.press(() => setNotifyAtEnd(true, rig.stores));

  /** Generates three frames in a minute. */
  async function longRun(rig: Rig, hidden: boolean): Promise<void> {
    const { ended } = await begun(rig);
    rig.tab.setHidden(hidden);
    rig.passSeconds(60);
    rig.nextFrame.open();
    await ended;
    rig.tab.setHidden(false);
  }

  it('is shown only if the user has switched it on and the tab is hidden', async () => {
    const rig = await attended();
    await longRun(rig, true);
    expect(rig.tab.shown).toEqual([]);
    await switchOn(rig);
    await longRun(rig, false);
    expect(rig.tab.shown).toEqual([]);
    await longRun(rig, true);
    expect(rig.tab.shown).toEqual([{ title: '3 frames made', body: 'Drift has finished.' }]);
  });

  it('is not shown for a short run, or one that the user stops', async () => {
    const rig = await attended();
    await switchOn(rig);
    rig.tab.setHidden(true);
    await rig.stores.generation.generate();
    const { ended } = await begun(rig);
    rig.passSeconds(60);
    rig.stores.generation.stop();
    rig.nextFrame.open();
    await ended;
    expect(rig.tab.shown).toEqual([]);
  });

  it('reports that a run ended by an error, and what is kept', async () => {
    const rig = await attended();
    await switchOn(rig);
    const { ended } = await begun(rig);
    rig.tab.setHidden(true);
    rig.passSeconds(60);
    rig.killDiffusion('out of memory');
    await ended;
    expect(rig.tab.shown).toEqual([{ title: 'The run ended by an error', body: '1 frame is kept.' }]);
  });

  it('stays off, with an explanation, if the user or the browser refuses', async () => {
    const rig = await attended();
    rig.tab.answer = 'denied';
    await switchOn(rig);
    expect(rig.stores.preferences.getState().notifyAtEnd).toBe(false);
    expect(rig.stores.notices.getState().notices).toMatchObject([
      { kind: 'info', message: /does not let this page show notifications/ },
    ]);
    await longRun(rig, true);
    expect(rig.tab.shown).toEqual([]);

    rig.tab.permission = 'default';
    rig.tab.answer = 'default';
    await switchOn(rig);
    expect(rig.stores.notices.getState().notices).toMatchObject([
      { message: /stay off until you allow them/ },
    ]);
    rig.tab.answer = 'granted';
    await switchOn(rig);
    expect(rig.stores.preferences.getState().notifyAtEnd).toBe(true);
    expect(rig.stores.notices.getState().notices).toEqual([]);
  });

  it('is not attempted once the permission is withdrawn', async () => {
    const rig = await attended();
    await switchOn(rig);
    rig.tab.permission = 'denied';
    await longRun(rig, true);
    expect(rig.tab.shown).toEqual([]);
  });
});
