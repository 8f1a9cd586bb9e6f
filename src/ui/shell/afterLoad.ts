import { attendLongRuns } from '../../store/long-runs.ts';
import type { Stores } from '../../store/index.ts';
import { keepFocus } from './keepFocus.ts';

/** Starts what the page does besides, once it is there. */
export function afterLoad(stores: Stores): void {
  attendLongRuns(stores);
  keepFocus();
  // WebKitGTK 2.50 crashes when WebCodecs, in a worker, is what starts its media library. This starts it.
  document.createElement('video').canPlayType('video/mp4');
}
