import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { errorToWire, isAbort } from '../base/index.ts';

/** A button of a notice. Pressing it dismisses the notice. */
export interface NoticeAction {
  readonly label: string;
  readonly run: () => void;
  /** Whether the notice stays, because it is still true after the action; default false. */
  readonly stays?: boolean;
}

/** A message that is shown until it is dismissed. */
export interface Notice {
  readonly id: number;
  readonly kind: 'error' | 'info';
  /** Subject, or empty. A new `info` replaces notices of its topic, and `dismissTopic` dismisses them. */
  readonly topic: string;
  readonly message: string;
  /** What the user can do; empty if there is nothing to do. */
  readonly remedy: string;
  /** What was not lost by the error; empty if that is obvious. */
  readonly kept: string;
  readonly actions: readonly NoticeAction[];
  /** Details for a bug report: the error's name, code and values. */
  readonly technical: string;
  /** Number of times that the same error occurred since it was last dismissed. */
  readonly count: number;
  /** Called after the notice is dismissed in any way, to release what its actions needed. */
  readonly onGone?: () => void;
}

/** State of the notices. */
export interface NoticesState {
  readonly notices: readonly Notice[];
  /** Text for screen readers, in a live region. */
  readonly announcement: string;
}

/** Options for showing an error. */
export interface ErrorNotice {
  readonly topic?: string;
  /** Replaces the error's own remedy. */
  readonly remedy?: string;
  readonly kept?: string;
  readonly actions?: readonly NoticeAction[];
}

/** Notices on the page, and announcements for screen readers. */
export interface Notices extends StoreApi<NoticesState> {
  /** Shows an error; ignores cancellation. The same error is not shown twice but counted. */
  readonly error: (error: unknown, options?: ErrorNotice) => void;
  /** Shows a message with actions, replacing notices of the same topic. */
  readonly info: (
    topic: string,
    message: string,
    actions: readonly NoticeAction[],
    onGone?: () => void,
  ) => void;
  readonly dismiss: (id: number) => void;
  /** Dismisses all notices of a topic. */
  readonly dismissTopic: (topic: string) => void;
  readonly announce: (text: string) => void;
}

/** Creates the notices of the page, without any. */
export function createNotices(): Notices {
  const store = createStore<NoticesState>()(() => ({ notices: [], announcement: '' }));
  let lastId = 0;
  const remove = (drop: (notice: Notice) => boolean) => {
    const gone = store.getState().notices.filter(drop);
    if (gone.length === 0) return;
    store.setState((state) => ({ notices: state.notices.filter((notice) => !gone.includes(notice)) }));
    for (const { onGone } of gone) onGone?.();
  };

  /** Makes actions dismiss their notice before they run, so that a repeated error is shown as a new one. */
  function dismissing(id: number, actions: readonly NoticeAction[], onGone?: () => void) {
    return actions.map(({ label, run, stays = false }) => ({
      label,
      run: () => {
        if (stays) {
          run();
          return;
        }
        store.setState((state) => ({ notices: state.notices.filter((notice) => notice.id !== id) }));
        run();
        onGone?.();
      },
    }));
  }

  const notices: Notices = {
    ...store,
    error(error, { topic = '', remedy, kept = '', actions = [] } = {}) {
      if (isAbort(error)) return;
      const wire = errorToWire(error);
      const details = Object.entries(wire.details).map(([key, value]) => `${key} = ${String(value)}`);
      const id = ++lastId;
      const notice: Notice = {
        id,
        kind: 'error',
        topic,
        message: wire.message,
        remedy: remedy ?? wire.remedy,
        kept,
        actions: dismissing(id, actions),
        technical: [`${wire.name} ${wire.code}`, ...details].join('\n'),
        count: 1,
      };
      store.setState((state) => {
        const same = state.notices.find(
          ({ kind, message, technical }) =>
            kind === 'error' && message === notice.message && technical === notice.technical,
        );
        if (!same) return { notices: [...state.notices, notice] };
        const again = { ...same, count: same.count + 1 };
        return { notices: state.notices.map((other) => (other === same ? again : other)) };
      });
    },
    info(topic, message, actions, onGone) {
      notices.dismissTopic(topic);
      const id = ++lastId;
      const notice: Notice = {
        id,
        kind: 'info',
        topic,
        message,
        remedy: '',
        kept: '',
        actions: dismissing(id, actions, onGone),
        technical: '',
        count: 1,
        ...(onGone && { onGone }),
      };
      store.setState((state) => ({ notices: [...state.notices, notice] }));
    },
    dismiss(id) {
      remove((notice) => notice.id === id);
    },
    dismissTopic(topic) {
      remove((notice) => notice.topic === topic);
    },
    announce(announcement) {
      store.setState({ announcement });
    },
  };
  return notices;
}
