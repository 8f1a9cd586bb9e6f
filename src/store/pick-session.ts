import type { StoreApi } from 'zustand/vanilla';
import { isAbort } from '../base/index.ts';
import type { PickEvent, diffusionApi } from '../protocol/index.ts';
import type { WorkerHandle } from './worker-handle.ts';
import type { ModelStore } from './model.ts';
import type { FinishedVariant } from './pick-round.ts';
import type { Preferences } from './preferences.ts';

/** The session of picking by hand in the diffusion worker, which makes rounds ahead while the person looks. */
export interface PickingSession {
  readonly isOpen: () => boolean;
  /** Opens a session, unless one is open. */
  readonly open: () => void;
  readonly close: () => void;
  /** The round that follows when a variant of the round on the page is picked; undefined until it is made. */
  readonly ahead: (index: number) => readonly FinishedVariant[] | undefined;
  /** Forgets the rounds that were made ahead: the round on the page is another. */
  readonly forget: () => void;
  /** The variant that the person hovers or has focused, or null. */
  readonly lookAt: (index: number | null) => void;
}

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
  /** Whether this round is the one on the page. */
  isShown: (round: number) => boolean;
  /** Told which variants' next rounds are there, and the seconds that speculation has saved since the page was opened. */
  onReport: (report: { readonly ready: readonly number[]; readonly savedSeconds: number }) => void;
  /** Told when a session ends by itself; `error` is null where nothing went wrong. */
  onEnd: (error: unknown) => void;
}): PickingSession {
  let controller: AbortController | null = null;
  let lookedAt: number | null = null;
  /** Seconds that sessions before this one have saved, and those of all. */
  let savedBefore = 0;
  let saved = 0;
  const made = new Map<number, readonly FinishedVariant[]>();

  const pace = () => ({ speculative: preferences.getState().speculative, lookedAt });

  function sendPace() {
    if (!controller) return;
    // A session that has just ended needs no pace, and its end is told elsewhere.
    diffusion
      .current()
      .call('pickPace', pace())
      .catch(() => undefined);
  }

  function hear(event: PickEvent) {
    if (event.kind === 'notice') {
      model.hear(event);
      return;
    }
    if (event.kind === 'ahead') {
      if (isShown(event.after)) made.set(event.candidate, event.candidates);
      return;
    }
    const { ready, savedSeconds } = event;
    // What the worker does not keep is not kept here either.
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
        .call('pick', pace(), {
          signal: own.signal,
          onEvent: (event) => {
            if (controller === own) hear(event);
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
