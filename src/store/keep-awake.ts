import type { Environment, ScreenLock } from './environment.ts';

interface Observable {
  readonly subscribe: (listener: () => void) => () => void;
}

/**
 * Keeps the screen on while work is running: browsers throttle pages, and machines go to sleep, once it is off. The
 * browser releases the lock when the tab is hidden, so it is requested again when the tab becomes visible. A browser
 * that refuses (low battery, a policy) is asked again at the next work.
 */
export function keepAwake({
  isWorking,
  sources,
  environment: { lockScreen, visibility },
}: {
  isWorking: () => boolean;
  /** Stores whose changes may change `isWorking`. */
  sources: readonly Observable[];
  environment: Pick<Environment, 'lockScreen' | 'visibility'>;
}): void {
  if (!lockScreen) return;
  let held: ScreenLock | null = null;
  let requesting = false;
  let working = false;
  const isOver = () => !working;

  async function update(): Promise<void> {
    // The pending request checks again when it is answered.
    if (requesting) return;
    if (isOver()) {
      const lock = held;
      held = null;
      await lock?.release();
      return;
    }
    if (visibility.isHidden() || (held && !held.released)) return;
    requesting = true;
    try {
      held = (await lockScreen?.()) ?? null;
    } finally {
      requesting = false;
    }
    if (isOver()) await update();
  }

  const request = () => {
    // Without the lock, work goes on as long as the screen does.
    update().catch(() => undefined);
  };
  const check = () => {
    const now = isWorking();
    if (now === working) return;
    working = now;
    request();
  };
  for (const source of sources) source.subscribe(check);
  visibility.onChange(request);
  check();
}
