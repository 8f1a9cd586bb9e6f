import type { StoreApi } from 'zustand/vanilla';
import type { Environment } from './environment.ts';
import type { EndedRun, GenerationStore } from './generation.ts';
import type { Notices } from './notices.ts';
import type { Preferences } from './preferences.ts';

const topic = 'notifications';

/** Minimum duration of a run, in seconds, for a notification at its end. */
export const longRunSeconds = 10;

/**
 * Shows a notification of the system at the end of a long run, or of all runs of a queue, if the tab is hidden and the user
 * has switched notifications on.
 * Runs that the user stops cause no notification.
 */
export function notifyAtEnd({
  generation,
  preferences,
  environment: { notifications, visibility },
}: {
  generation: GenerationStore;
  preferences: StoreApi<Preferences>;
  environment: Pick<Environment, 'notifications' | 'visibility'>;
}): void {
  if (!notifications) return;
  let made = 0;
  let seconds = 0;
  generation.onEnd((ended) => {
    made += ended.made;
    seconds += ended.seconds;
    // The next run of the queue has begun.
    if (generation.getState().run) return;
    notify(ended.kind);
    made = 0;
    seconds = 0;
  });

  function notify(kind: EndedRun['kind']) {
    const isOn = preferences.getState().notifyAtEnd && notifications?.permission() === 'granted';
    const isNews = kind === 'done' || kind === 'failed';
    if (!isOn || !isNews || seconds < longRunSeconds || !visibility.isHidden()) return;
    const frames = made === 1 ? '1 frame' : `${made} frames`;
    const [title, body] =
      kind === 'done'
        ? [`${frames} made`, 'Drift has finished.']
        : ['The run ended by an error', `${frames} ${made === 1 ? 'is' : 'are'} kept.`];
    // The title of the tab says it, too.
    notifications.show(title, body).catch(() => undefined);
  }
}

/**
 * Switches notifications on or off. Switching on asks the user for the permission, so this has to be called in the
 * handler of a press. A refusal is explained in a notice, and leaves them off.
 */
export async function setNotifyAtEnd(
  on: boolean,
  {
    preferences,
    notices,
    environment: { notifications },
  }: {
    preferences: StoreApi<Preferences>;
    notices: Notices;
    environment: Pick<Environment, 'notifications'>;
  },
): Promise<void> {
  notices.dismissTopic(topic);
  const permission = on ? await notifications?.request() : undefined;
  preferences.setState({ notifyAtEnd: permission === 'granted' });
  if (permission === 'denied') {
    notices.info(
      topic,
      'The browser does not let this page show notifications. Allow them in the browser’s settings for this site, then switch this on again.',
      [],
    );
  } else if (permission === 'default') {
    notices.info(topic, 'Notifications stay off until you allow them when the browser asks.', []);
  }
}
