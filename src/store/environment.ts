import type { Connection, diffusionApi, mediaApi, modelsApi, projectsApi } from '../protocol/index.ts';

/** Creates URLs of picture files for `<img>` elements. The caller of `create` must call `revoke`. */
export interface PictureUrls {
  create(file: Blob): string;
  revoke(url: string): void;
}

/** Whether the tab is visible. */
export interface PageVisibility {
  readonly isHidden: () => boolean;
  /** Calls back whenever the tab becomes visible or hidden. Returns a function that unsubscribes. */
  readonly onChange: (callback: () => void) => () => void;
}

/** Part of `WakeLockSentinel` that is used. The browser releases the lock when the tab is hidden. */
export interface ScreenLock {
  readonly released: boolean;
  readonly release: () => Promise<void>;
}

/** Notifications of the operating system. */
export interface SystemNotifications {
  readonly permission: () => NotificationPermission;
  /** Asks the user for the permission. Browsers allow that only in the handler of a press, before its first `await`. */
  readonly request: () => Promise<NotificationPermission>;
  /** Shows a notification in place of the page's last one. @throws TypeError without the permission */
  readonly show: (title: string, body: string) => Promise<void>;
}

/** Platform interface of the stores, implemented with the browser's APIs by the page and with fakes by tests. */
export interface Environment {
  /** Starts a diffusion worker; called again after the last one died or was ended. */
  readonly openDiffusion: () => Connection<typeof diffusionApi>;
  readonly openMedia: () => Connection<typeof mediaApi>;
  readonly openProjects: () => Connection<typeof projectsApi>;
  readonly openModels: () => Connection<typeof modelsApi>;
  /** `localStorage`; null if the browser forbids it. */
  readonly storage: Pick<Storage, 'getItem' | 'setItem'> | null;
  readonly pictureUrls: PictureUrls;
  /** Resolves when the page is rendered. Until then its workers would compete with it for a phone's few cores. */
  readonly rendered: Promise<void>;
  /** Calls back before the next repaint. Returns a function that cancels. */
  readonly nextPaint: (callback: () => void) => () => void;
  /** Calls back after a delay in milliseconds. Returns a function that cancels. */
  readonly later: (milliseconds: number, callback: () => void) => () => void;
  /** Calls back whenever the network is available again. Returns a function that unsubscribes. */
  readonly onOnline: (callback: () => void) => () => void;
  /** Time of a monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** Current date and time. */
  readonly today: () => Date;
  readonly visibility: PageVisibility;
  /** Keeps the screen on; null if the browser cannot. Rejects if it refuses: in hidden tabs, or on low battery. */
  readonly lockScreen: (() => Promise<ScreenLock>) | null;
  /** Null if the browser has none. */
  readonly notifications: SystemNotifications | null;
  /** Random seed: an integer in 0 … 2^32 - 1. */
  readonly randomSeed: () => number;
  /** Random UUID. */
  readonly newId: () => string;
  /** Requests persistent storage, which the browser does not clear when space is low. Returns whether it is granted. */
  readonly persist: () => Promise<boolean>;
  /** The page's URL, which can be replaced without reloading the page. */
  readonly address: { readonly read: () => string; readonly replace: (address: string) => void };
  /** Copies text to the clipboard; rejects if the browser does not allow it. */
  readonly copyText: (text: string) => Promise<void>;
  /** Copies a PNG file to the clipboard; rejects if the browser does not allow it. Null if it cannot copy pictures. */
  readonly copyPicture: ((png: Promise<Blob>) => Promise<void>) | null;
  /** Downloads a file. */
  readonly saveFile: (file: Blob, name: string) => void;
}
