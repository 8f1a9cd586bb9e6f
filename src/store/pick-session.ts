import type { StoreApi } from 'zustand/vanilla';
import { isAbort } from '../base/index.ts';
import type { PickEvent, diffusionApi } from '../protocol/index.ts';
import type { WorkerHandle } from './worker-handle.ts';
import type { ModelStore } from './model.ts';
import type { FinishedVariant } from './pick-round.ts';
import type { Preferences } from './preferences.ts';

/** Session of picking by hand in the diffusion worker, which speculates on the next rounds while the user chooses. */
export interface PickingSession {
  readonly isOpen: () => boolean;
  /** Opens a session, unless one is open. */
  readonly open: () => void;
  readonly close: () => void;
  /** The next round if candidate `index` of the current one is picked; undefined if it is not finished. */
  readonly ahead: (index: number) => readonly FinishedVariant[] | undefined;
  /** Drops the finished next rounds, because the current round has changed. */
  readonly forget: () => void;
  /** Sets the candidate that the user hovers or focuses, or null; its next round is made first. */
  readonly lookAt: (index: number | null) => void;
}

/** Creates the session of picking by hand, not yet open. */
export function createPickingSession({
  diffusion,
  model,
  preferences,
  isShown,
  onReport,
  onEnd,
}: {
  diffusion: WorkerHandle<typeof diffusionApi>;
  model: ModelStore;
  preferences: StoreApi<Preferences>;
  /** Whether this is the id of the round on the page. */
  isShown: (round: number) => boolean;
  /** Called with the candidates whose next rounds are finished, and the seconds saved since the page was opened. */
  onReport: (report: { readonly ready: readonly number[]; readonly savedSeconds: number }) => void;
  /** Called when a session ends without `close`; `error` is null if it did not fail. */
  onEnd: (error: unknown) => void;
}): PickingSession {
  let controller: AbortController | null = null;
  let lookedAt: number | null = null;
  /** Seconds saved by previous sessions, and by all sessions. */
  let savedBefore = 0;
  let saved = 0;
  const made = new Map<number, readonly FinishedVariant[]>();

  const activity = () => ({ speculative: preferences.getState().speculative, lookedAt });

  function sendPace() {
    if (!controller) return;
    // Fails if the session has just ended, which `open` reports.
    diffusion
      .current()
      .call('pickActivity', activity())
      .catch(() => undefined);
  }

  function onEvent(event: PickEvent) {
    if (event.kind === 'notice') {
      model.onNotice(event);
      return;
    }
    if (event.kind === 'ahead') {
      if (isShown(event.after)) made.set(event.candidate, event.candidates);
      return;
    }
    const { ready, savedSeconds } = event;
    // Drop rounds that the worker has dropped, too.
    for (const index of made.keys()) if (!ready.includes(index)) made.delete(index);
    saved = savedBefore + savedSeconds;
    onReport({ ready, savedSeconds: saved });
  }

  preferences.subscribe(({ speculative }, before) => {
    if (speculative !== before.speculative) sendPace();
  });

  return {
    isOpen: () => controller !== null,
    open() {
      if (controller) return;
      const own = new AbortController();
      controller = own;
      const ended = (error: unknown) => {
        if (controller !== own) return;
        controller = null;
        savedBefore = saved;
        onEnd(isAbort(error) ? null : error);
      };
      diffusion
        .current()
        .call('pick', activity(), {
          signal: own.signal,
          onEvent: (event) => {
            if (controller === own) onEvent(event);
          },
        })
        .then(() => {
          ended(null);
        }, ended);
    },
    close() {
      controller?.abort();
      controller = null;
      savedBefore = saved;
    },
    ahead: (index) => made.get(index),
    forget() {
      made.clear();
      lookedAt = null;
    },
    lookAt(index) {
      if (index === lookedAt) return;
      lookedAt = index;
      sendPace();
    },
  };
}
