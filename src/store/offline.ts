import type { StoreApi } from 'zustand/vanilla';
import type { ServiceMessage } from '../base/index.ts';
import type { AnimationState } from './animation.ts';
import type { Environment } from './environment.ts';
import type { ModelStore } from './model.ts';
import type { Notices } from './notices.ts';

/** Part of `ServiceWorker` that is used. */
export interface Service {
  readonly state: string;
  postMessage(message: ServiceMessage): void;
  addEventListener(type: 'statechange', listener: () => void): void;
}

/** Part of `ServiceWorkerRegistration` that is used. */
export interface Registration {
  readonly active: Service | null;
  readonly installing: Service | null;
  readonly waiting: Service | null;
  addEventListener(type: 'updatefound', listener: () => void): void;
}

/** What `startOffline` needs of the browser. */
export interface OfflineBrowser {
  /** Part of `navigator.serviceWorker`. */
  readonly container: {
    register(script: string, options: RegistrationOptions): Promise<Registration>;
    readonly controller: object | null;
    addEventListener(
      type: 'controllerchange',
      listener: () => void,
      options: { readonly once: boolean },
    ): void;
  };
  /** Whether the page is isolated from other origins, which WebAssembly threads need. */
  readonly isIsolated: boolean;
  /** `sessionStorage`; null if the browser forbids it. */
  readonly session: Pick<Storage, 'getItem' | 'setItem'> | null;
  readonly reload: () => void;
  readonly later: Environment['later'];
}

/**
 * How long the page waits for a new version to take over, in milliseconds. Chromium lets the running version finish its
 * requests first, for up to five minutes.
 */
const longestTakeover = 5000;

const script = 'service-worker.js';
/** Key in `sessionStorage` of whether the user has asked for a version that had not taken over when the page was reloaded. */
const askedKey = 'drift:update-asked';
/** Key in `sessionStorage` of whether the page was reloaded for isolation, so that it is done once. */
const reloadedKey = 'drift:reloaded-for-threads';

/**
 * Registers the service worker, which makes the page work without a network: see `workers/offline/service-worker.ts`.
 * A new version of the page is offered in a notice and starts when the user wants it.
 *
 * Hosts that set no headers give pages without isolation, and WebAssembly without threads. The service worker adds the
 * headers from the second load on. So where the model runs on the CPU and nothing has been done yet, the page is loaded
 * again, once.
 *
 * @throws what `register` throws, if the browser refuses service workers or the script cannot be loaded
 */
export async function startOffline(
  browser: OfflineBrowser,
  stores: {
    readonly model: Pick<ModelStore, 'whenReady' | 'usedFiles' | 'getState'>;
    readonly animation: Pick<StoreApi<AnimationState>, 'getState'>;
    readonly notices: Pick<Notices, 'info'>;
  },
): Promise<void> {
  const { container, isIsolated, session, reload } = browser;
  const registration = await container.register(script, { updateViaCache: 'none' });
  offerUpdates(registration, browser, stores.notices);
  const active = await activated(registration);
  if (!(await stores.model.whenReady())) return;
  active.postMessage({ kind: 'keep', used: await stores.model.usedFiles() });

  const { device } = stores.model.getState();
  const isUntouched = stores.animation.getState().start === null;
  if (isIsolated || device?.kind !== 'cpu' || !isUntouched || session?.getItem(reloadedKey) !== null) return;
  session.setItem(reloadedKey, 'yes');
  reload();
}

/** Resolves with the registration's active service worker, at once or when one is activated. */
function activated(registration: Registration): Promise<Service> {
  const { active } = registration;
  if (active) return Promise.resolve(active);
  return new Promise((resolve, reject) => {
    const installing = registration.installing ?? registration.waiting;
    installing?.addEventListener('statechange', () => {
      if (installing.state === 'activated') resolve(installing);
      if (installing.state === 'redundant') reject(new Error('The service worker was not installed.'));
    });
  });
}

/** Offers to start a new version as soon as it is installed beside the running one. */
function offerUpdates(
  registration: Registration,
  { container, session, reload, later }: OfflineBrowser,
  notices: Pick<Notices, 'info'>,
): void {
  const offer = (waiting: Service) => {
    const start = () => {
      // Another tab may have started it already.
      if (waiting.state !== 'installed') {
        reload();
        return;
      }
      let isOver = false;
      const stopWaiting = later(longestTakeover, () => {
        isOver = true;
        session?.setItem(askedKey, 'yes');
        reload();
      });
      const takenOver = () => {
        stopWaiting();
        if (!isOver) reload();
      };
      container.addEventListener('controllerchange', takenOver, { once: true });
      waiting.postMessage({ kind: 'activate' });
    };
    notices.info('update', 'A new version of Drift is ready. What you made is kept.', [
      { label: 'Reload', run: start },
    ]);
  };
  const wasAsked = session?.getItem(askedKey) === 'yes';
  if (wasAsked) session.setItem(askedKey, 'no');
  const { waiting } = registration;
  // The first version is not an update.
  if (waiting && container.controller) {
    const offerWaiting = () => {
      offer(waiting);
    };
    // Offered before it has taken over, it would look as if Reload had done nothing.
    if (wasAsked) container.addEventListener('controllerchange', offerWaiting, { once: true });
    else offerWaiting();
  }
  registration.addEventListener('updatefound', () => {
    const { installing } = registration;
    installing?.addEventListener('statechange', () => {
      if (installing.state === 'installed' && container.controller) offer(installing);
    });
  });
}
