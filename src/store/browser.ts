import { randomUuid } from '../base/index.ts';
import type { Environment, PictureUrls } from './environment.ts';
import { openDiffusionWorker, openMediaWorker, openModelsWorker, openProjectsWorker } from './workers.ts';

/** Object URLs: kept outside the page's heap, and decoded by the browser only where they show. */
const pictureUrls: PictureUrls = {
  create: (file) => URL.createObjectURL(file),
  revoke(url) {
    URL.revokeObjectURL(url);
  },
};

/**
 * Browsers draw nothing in a hidden tab, so a timer stands in for the frame there: the tab's title still tells
 * how far the work is.
 */
function nextPaint(callback: () => void): () => void {
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

/** Reading `localStorage` alone throws where a person has forbidden it. */
function availableStorage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

function saveFile(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads the address after this turn of the event loop; by then a minute is plenty.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 60_000);
}

/** Some browsers ask the person; whatever the answer is, what is kept stays for now. */
async function persist(): Promise<boolean> {
  // Missing where the page is not secure.
  return 'storage' in navigator && navigator.storage.persist().catch(() => false);
}

/** The environment of the real page. */
export function browserEnvironment(): Environment {
  return {
    openDiffusion: openDiffusionWorker,
    openMedia: openMediaWorker,
    openProjects: openProjectsWorker,
    openModels: openModelsWorker,
    storage: availableStorage(),
    pictureUrls,
    nextPaint,
    later: (milliseconds, callback) => {
      const timer = setTimeout(callback, milliseconds);
      return () => {
        clearTimeout(timer);
      };
    },
    onOnline: (callback) => {
      window.addEventListener('online', callback);
      return () => {
        window.removeEventListener('online', callback);
      };
    },
    now: () => performance.now(),
    today: () => new Date(),
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
    saveFile,
  };
}
