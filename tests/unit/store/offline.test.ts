import { describe, expect, it } from 'vitest';
import type { ServiceMessage } from '../../../src/base/index.ts';
import { startOffline } from '../../../src/store/offline.ts';
import type { OfflineBrowser, Registration, Service } from '../../../src/store/offline.ts';
import { Rig, builtIn, file } from './rig.ts';

class FakeService extends EventTarget implements Service {
  state = 'installing';
  readonly messages: ServiceMessage[] = [];

  postMessage(message: ServiceMessage): void {
    this.messages.push(message);
  }

  becomes(state: string): void {
    this.state = state;
    this.dispatchEvent(new Event('statechange'));
  }
}

class FakeRegistration extends EventTarget implements Registration {
  active: FakeService | null = null;
  installing: FakeService | null = null;
  waiting: FakeService | null = null;

  /** Starts installing another version. */
  update(): FakeService {
    const service = new FakeService();
    this.installing = service;
    this.dispatchEvent(new Event('updatefound'));
    return service;
  }
}

/** A browser that has, or has not, visited the page before. */
class FakeBrowser extends EventTarget implements OfflineBrowser {
  readonly registration = new FakeRegistration();
  isIsolated = true;
  reloads = 0;
  controller: object | null = null;
  readonly #session = new Map<string, string>();
  #answered: () => void = () => undefined;
  /** Resolves after the caller of `register` got its result. */
  readonly registered = new Promise<void>((resolve) => {
    this.#answered = resolve;
  });

  constructor({ visited }: { visited: boolean }) {
    super();
    if (!visited) return;
    this.registration.active = new FakeService();
    this.registration.active.becomes('activated');
    this.controller = {};
  }

  get container() {
    return this;
  }

  get session() {
    return {
      getItem: (key: string) => this.#session.get(key) ?? null,
      setItem: (key: string, value: string) => void this.#session.set(key, value),
    };
  }

  readonly reload = () => {
    this.reloads++;
  };

  /** Running timers: milliseconds by callback. */
  readonly timers = new Map<() => void, number>();

  readonly later = (milliseconds: number, callback: () => void) => {
    this.timers.set(callback, milliseconds);
    return () => void this.timers.delete(callback);
  };

  async register() {
    await Promise.resolve();
    // After the caller's continuation.
    setImmediate(this.#answered);
    return this.registration;
  }
}

const onCpu = { ...builtIn, device: { ...builtIn.device, kind: 'cpu' as const } };
const used = ['https://drift.test/assets/ort.wasm'];

async function readyRig(): Promise<Rig> {
  const rig = new Rig();
  rig.model = onCpu;
  rig.usedFiles.push(...used);
  rig.stores.models.begin().catch(() => undefined);
  await rig.stores.model.whenReady();
  return rig;
}

describe('first visit', () => {
  it('asks the service worker to store the files used, once it is active', async () => {
    const rig = await readyRig();
    const browser = new FakeBrowser({ visited: false });
    const first = browser.registration.update();
    const started = startOffline(browser, rig.stores);
    await browser.registered;
    first.becomes('installed');
    expect(first.messages).toEqual([]);
    first.becomes('activated');
    await started;
    expect(first.messages).toEqual([{ kind: 'keep', used }]);
    expect(rig.stores.notices.getState().notices, 'the first version is not an update').toEqual([]);
    expect(browser.reloads).toBe(0);
  });

  it('reloads an untouched page for cross-origin isolation, once', async () => {
    const rig = await readyRig();
    const browser = new FakeBrowser({ visited: true });
    browser.isIsolated = false;
    await startOffline(browser, rig.stores);
    expect(browser.reloads).toBe(1);
    await startOffline(browser, rig.stores);
    expect(browser.reloads, 'no reload loop where isolation never works').toBe(1);
  });

  it('does not reload a page that has a picture, or whose model runs on a GPU', async () => {
    const rig = await readyRig();
    await rig.stores.animation.chooseStart(file('start'), 'start');
    const browser = new FakeBrowser({ visited: true });
    browser.isIsolated = false;
    await startOffline(browser, rig.stores);
    expect(browser.reloads).toBe(0);

    const onGpu = new Rig();
    onGpu.model = { ...builtIn, device: { ...builtIn.device, kind: 'webgpu' } };
    await onGpu.ready();
    await startOffline(browser, { ...onGpu.stores, animation: new Rig().stores.animation });
    expect(browser.reloads).toBe(0);
  });
});

describe('new version', () => {
  it('is offered once installed, and activated on request', async () => {
    const rig = await readyRig();
    const browser = new FakeBrowser({ visited: true });
    await startOffline(browser, rig.stores);
    const next = browser.registration.update();
    expect(rig.stores.notices.getState().notices).toEqual([]);
    next.becomes('installed');
    const [notice] = rig.stores.notices.getState().notices;
    expect(notice).toMatchObject({ message: 'A new version of Drift is ready. What you made is kept.' });
    expect(next.messages).toEqual([]);

    notice?.actions[0]?.run();
    expect(next.messages).toEqual([{ kind: 'activate' }]);
    expect(browser.reloads, 'no reload before the new version controls the page').toBe(0);
    browser.dispatchEvent(new Event('controllerchange'));
    expect(browser.reloads).toBe(1);
    expect(browser.timers.size, 'nothing reloads the page again').toBe(0);
  });

  /** A page that offers a version, and the action that starts it. */
  async function offered() {
    const rig = await readyRig();
    const browser = new FakeBrowser({ visited: true });
    await startOffline(browser, rig.stores);
    const next = browser.registration.update();
    next.becomes('installed');
    return { browser, next, start: () => rig.stores.notices.getState().notices[0]?.actions[0]?.run() };
  }

  it('does not keep the page waiting if the browser does not let it take over', async () => {
    const { browser, next, start } = await offered();
    start();
    expect(next.messages).toEqual([{ kind: 'activate' }]);
    expect([...browser.timers.values()]).toEqual([5000]);
    for (const ring of browser.timers.keys()) ring();
    expect(browser.reloads).toBe(1);
    browser.dispatchEvent(new Event('controllerchange'));
    expect(browser.reloads, 'one reload, which the user may have refused').toBe(1);

    // The earlier version is still there: its page offers the new one when that has taken over.
    const rig = await readyRig();
    browser.registration.waiting = next;
    await startOffline(browser, rig.stores);
    expect(rig.stores.notices.getState().notices).toEqual([]);
    next.becomes('activated');
    browser.dispatchEvent(new Event('controllerchange'));
    rig.stores.notices.getState().notices[0]?.actions[0]?.run();
    expect(browser.reloads).toBe(2);
  });

  it('that has taken over during the reload holds back no later one', async () => {
    const { browser, start } = await offered();
    start();
    for (const ring of browser.timers.keys()) ring();
    await startOffline(browser, (await readyRig()).stores);

    const rig = await readyRig();
    browser.registration.waiting = new FakeService();
    await startOffline(browser, rig.stores);
    expect(rig.stores.notices.getState().notices).toHaveLength(1);
  });

  it('is a reload where another tab has started it', async () => {
    const { browser, next, start } = await offered();
    next.becomes('activated');
    browser.dispatchEvent(new Event('controllerchange'));
    expect(browser.reloads, 'this tab is not reloaded by the other').toBe(0);
    start();
    expect(browser.reloads).toBe(1);
    expect(next.messages).toEqual([]);
  });

  it('is offered immediately if it has been waiting since an earlier visit', async () => {
    const rig = await readyRig();
    const browser = new FakeBrowser({ visited: true });
    browser.registration.waiting = new FakeService();
    await startOffline(browser, rig.stores);
    expect(rig.stores.notices.getState().notices).toHaveLength(1);
  });
});

it('startOffline() rejects if the first version cannot be installed', async () => {
  const rig = await readyRig();
  const browser = new FakeBrowser({ visited: false });
  const first = browser.registration.update();
  const started = startOffline(browser, rig.stores);
  await browser.registered;
  first.becomes('redundant');
  await expect(started).rejects.toThrow('not installed');
});
