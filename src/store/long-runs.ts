import { keepAwake } from './keep-awake.ts';
import { notifyAtEnd } from './run-notifications.ts';
import type { Stores } from './stores.ts';

/**
 * Keeps the screen on while frames or files are made, and shows a notification at the end of a run if the tab is hidden.
 * Loaded after the page.
 */
export function attendLongRuns({ generation, pick, exporter, preferences, environment }: Stores): void {
  keepAwake({
    isWorking: () => {
      const { round } = pick.getState();
      return (
        generation.getState().run !== null ||
        (round !== null && round.phase !== 'done') ||
        exporter.getState().job !== null
      );
    },
    sources: [generation, pick, exporter],
    environment,
  });
  notifyAtEnd({ generation, preferences, environment });
}
