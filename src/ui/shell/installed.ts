import { later, startOffline } from '../../store/index.ts';
import type { Stores } from '../../store/index.ts';
import { takeHandedOver } from './handedOver.ts';

/** Starts what makes the page a program: use without a network, updates, files from other programs. */
export async function startInstalled(stores: Stores): Promise<void> {
  // Missing in insecure contexts; `caches` too.
  if (!('serviceWorker' in navigator)) return;
  await takeHandedOver(stores);
  const { serviceWorker: container } = navigator;
  const offline = startOffline(
    {
      container,
      isIsolated: crossOriginIsolated,
      session: availableSession(),
      reload: () => {
        location.reload();
      },
      later,
    },
    stores,
  );
  // Private windows and some settings refuse service workers. The page works without.
  await offline.catch(() => undefined);
}

/** Returns `sessionStorage`, or null: merely reading the property throws if the user has blocked storage. */
function availableSession(): Storage | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}
