import type { PageVisibility, ScreenLock, SystemNotifications } from '../../src/store/environment.ts';

/** A screen lock as browsers give it: released by its owner, or by the browser when the tab is hidden. */
class FakeScreenLock implements ScreenLock {
  released = false;

  async release(): Promise<void> {
    await Promise.resolve();
    this.released = true;
  }
}

/** A browser tab, which the user hides and shows, with its screen locks and notifications. */
export class Tab implements PageVisibility {
  /** The user's answer to a request for permission to show notifications. */
  answer: NotificationPermission = 'granted';
  permission: NotificationPermission = 'default';
  /** Whether the browser refuses screen locks, as on low battery. */
  refusesLocks = false;
  lockRequests = 0;
  readonly shown: { readonly title: string; readonly body: string }[] = [];
  #hidden = false;
  #pressing = false;
  readonly #listeners = new Set<() => void>();
  readonly #locks = new Set<FakeScreenLock>();

  readonly isHidden = () => this.#hidden;

  readonly onChange = (callback: () => void) => {
    this.#listeners.add(callback);
    return () => {
      this.#listeners.delete(callback);
    };
  };

  setHidden(hidden: boolean): void {
    this.#hidden = hidden;
    // Browsers release the locks before they fire `visibilitychange`.
    if (hidden) for (const lock of this.#locks) lock.released = true;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Number of screen locks that are held. */
  get locks(): number {
    return [...this.#locks].filter(({ released }) => !released).length;
  }

  readonly lockScreen = async (): Promise<ScreenLock> => {
    this.lockRequests++;
    await Promise.resolve();
    if (this.#hidden || this.refusesLocks) {
      throw new DOMException('The page is not visible, or the battery is low.', 'NotAllowedError');
    }
    const lock = new FakeScreenLock();
    this.#locks.add(lock);
    return lock;
  };

  /** Runs a handler of a click (a user activation): permissions may be requested only until it returns. */
  press<T>(handler: () => T): T {
    this.#pressing = true;
    try {
      return handler();
    } finally {
      this.#pressing = false;
    }
  }

  readonly notifications: SystemNotifications = {
    permission: () => this.permission,
    request: () => {
      // Only the first request asks the user, and only if a press caused it.
      if (this.permission === 'default' && this.#pressing) this.permission = this.answer;
      return Promise.resolve(this.permission);
    },
    show: (title, body) => {
      if (this.permission !== 'granted') return Promise.reject(new TypeError('No permission to notify.'));
      this.shown.push({ title, body });
      return Promise.resolve();
    },
  };
}
