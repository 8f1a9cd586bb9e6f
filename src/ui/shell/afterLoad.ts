import { attendLongRuns } from '../../store/long-runs.ts';
import type { Stores } from '../../store/index.ts';
import { keepFocus } from './keepFocus.ts';

/** Starts what the page does besides, once it is there. */
export function afterLoad(stores: Stores): void {
  attendLongRuns(stores);
  keepFocus();
}
