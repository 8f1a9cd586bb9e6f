import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { errorToWire, isAbort } from '../base/index.ts';

/** Something that a notice offers to do. Doing it dismisses the notice, unless that is still true afterwards. */
export interface NoticeAction {
  readonly label: string;
  readonly run: () => void;
  /** Doing it changes nothing about what the notice says. */
  readonly stays?: boolean;
}

/** A message that stays until it is dismissed. */
export interface Notice {
  readonly id: number;
  readonly kind: 'error' | 'info';
  /** What it is about, or empty: newer news about the same replaces older, and `dismissTopic` takes it back. */
  readonly topic: string;
  readonly message: string;
  /** What to do about it; empty when there is nothing to do. */
  readonly remedy: string;
  /** What is still there in spite of the error; empty when that goes without saying. */
  readonly kept: string;
  readonly actions: readonly NoticeAction[];
  /** For a bug report: the error's code and the values it is about. */
  readonly technical: string;
  /** How often the same error has come since it was last dismissed. */
  readonly count: number;
  /** Called once the notice is gone, whichever way: what it offered can be let go. */
  readonly onGone?: () => void;
}

export interface NoticesState {
  readonly notices: readonly Notice[];
  /** What a screen reader says next. */
  readonly announcement: string;
}

export interface ErrorNotice {
  readonly topic?: string;
  /** Replaces the error's own remedy, where an action is offered that does it. */
  readonly remedy?: string;
  readonly kept?: string;
  readonly actions?: readonly NoticeAction[];
}

export interface Notices extends StoreApi<NoticesState> {
  /** Shows an error; stopping is none and is not shown. Errors queue, and the same error twice is counted. */
  readonly error: (error: unknown, options?: ErrorNotice) => void;
  /** Shows a piece of news with something to do about it, in place of the news before it on the same topic. */
  readonly info: (
    topic: string,
    message: string,
    actions: readonly NoticeAction[],
    onGone?: () => void,
  ) => void;
  readonly dismiss: (id: number) => void;
  /** Takes back what was said about something, because it no longer holds. */
  readonly dismissTopic: (topic: string) => void;
  readonly announce: (text: string) => void;
}

export function createNotices(): Notices {
  const store = createStore<NoticesState>()(() => ({ notices: [], announcement: '' }));
  let lastId = 0;
  const remove = (drop: (notice: Notice) => boolean) => {
    const gone = store.getState().notices.filter(drop);
    if (gone.length === 0) return;
    store.setState((state) => ({ notices: state.notices.filter((notice) => !gone.includes(notice)) }));
    for (const { onGone } of gone) onGone?.();
  };

  /** Actions that take their notice away: before they run, so that an error which comes again is a new one. */
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
