import { randomUuid } from '../base/index.ts';
import type { Environment, PageVisibility, PictureUrls, SystemNotifications } from './environment.ts';
import { openDiffusionWorker, openMediaWorker, openModelsWorker, openProjectsWorker } from './workers.ts';

/** Object URLs: browsers keep their data outside the JavaScript heap, and decode it only while it is shown. */
const pictureUrls: PictureUrls = {
  create: (file) => URL.createObjectURL(file),
  revoke(url) {
    URL.revokeObjectURL(url);
  },
};

/**
 * Calls back before the next repaint, or after 500 ms: browsers do not repaint hidden tabs, which still start, and show
 * progress in their titles.
 */
export function nextPaint(callback: () => void): () => void {
  const cancel = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
  const fire = () => {
    cancel();
    callback();
  };
  const frame = requestAnimationFrame(fire);
  const timer = setTimeout(fire, 500);
  return cancel;
}

/** Calls back after a delay in milliseconds. Returns a function that cancels. */
export function later(milliseconds: number, callback: () => void): () => void {
  const timer = setTimeout(callback, milliseconds);
  return () => {
    clearTimeout(timer);
  };
}

/** Returns `localStorage`, or null: merely reading the property throws if the user has blocked storage. */
function availableStorage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

function copyPicture(png: Promise<Blob>): Promise<void> {
  return navigator.clipboard.write([new ClipboardItem({ 'image/png': png })]);
}

function saveFile(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads the URL some time after `click` returns, so it must not be revoked at once.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 60_000);
}

/** Requests persistent storage. Some browsers ask the user; without it, storage works but may be cleared. */
async function persist(): Promise<boolean> {
  // `navigator.storage` is missing in insecure contexts.
  return 'storage' in navigator && navigator.storage.persist().catch(() => false);
}

const visibility: PageVisibility = {
  isHidden: () => document.hidden,
  onChange(callback) {
    document.addEventListener('visibilitychange', callback);
    return () => {
      document.removeEventListener('visibilitychange', callback);
    };
  },
};

const notifications: SystemNotifications = {
  permission: () => Notification.permission,
  request: () => Notification.requestPermission(),
  async show(title, body) {
    const options = { body, tag: 'run', icon: new URL('icon-180.png', document.baseURI).href };
    try {
      const notification = new Notification(title, options);
      notification.addEventListener('click', () => {
        window.focus();
        notification.close();
      });
    } catch (error) {
      // Chromium on Android allows notifications only of service workers.
      const registration = await navigator.serviceWorker.getRegistration();
      if (!registration) throw error;
      await registration.showNotification(title, options);
    }
  },
};

/**
 * Creates the environment of a page in a browser.
 *
 * @param rendered Resolves when the page is rendered.
 */
export function browserEnvironment(rendered: Promise<void>): Environment {
  return {
    openDiffusion: openDiffusionWorker,
    openMedia: openMediaWorker,
    openProjects: openProjectsWorker,
    openModels: openModelsWorker,
    storage: availableStorage(),
    pictureUrls,
    rendered,
    nextPaint,
    later,
    onOnline: (callback) => {
      window.addEventListener('online', callback);
      return () => {
        window.removeEventListener('online', callback);
      };
    },
    now: () => performance.now(),
    today: () => new Date(),
    visibility,
    // Missing in insecure contexts and older browsers.
    lockScreen: 'wakeLock' in navigator ? () => navigator.wakeLock.request('screen') : null,
    notifications: 'Notification' in window ? notifications : null,
    randomSeed: () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0,
    newId: randomUuid,
    persist,
    address: {
      read: () => window.location.href,
      replace: (address) => {
        window.history.replaceState(null, '', address);
      },
    },
    copyText: (text) => navigator.clipboard.writeText(text),
    // Missing in insecure contexts and older browsers.
    copyPicture: 'ClipboardItem' in window && isSecureContext ? copyPicture : null,
    saveFile,
  };
}
