import { ProjectError } from '../base/index.ts';
import type { Autosave } from './autosave.ts';
import type { NoticeAction, Notices } from './notices.ts';

/** Topic of the error that changes could not be stored; it is dismissed when they are. */
const stuckTopic = 'storage';
const readOnlyTopic = 'read-only';

/** Notices about the open project. */
export interface ProjectNotices {
  readonly readOnly: (name: string, actions: readonly NoticeAction[]) => void;
  readonly notReadOnly: () => void;
  /** Reports the number of frames that are missing from the opened project. */
  readonly lost: (frames: number) => void;
}

/** @param exportAction returns an action that exports the project on the page; empty if there is none */
export function createProjectNotices(
  notices: Notices,
  autosave: Autosave,
  exportAction: () => NoticeAction[],
): ProjectNotices {
  autosave.subscribe(({ status, error }, before) => {
    if (status === before.status) return;
    if (status === 'kept') notices.dismissTopic(stuckTopic);
    if (status !== 'stuck') return;
    notices.dismissTopic(stuckTopic);
    notices.error(error, {
      topic: stuckTopic,
      kept: 'What you have made is still here, as long as this tab is open.',
      actions: [{ label: 'Try again', run: autosave.retry }, ...exportAction()],
    });
  });
  return {
    readOnly(name, actions) {
      notices.info(
        readOnlyTopic,
        `“${name}” is open in another tab. Here it can be watched and downloaded.`,
        actions,
      );
    },
    notReadOnly() {
      notices.dismissTopic(readOnlyTopic);
    },
    lost(frames) {
      notices.error(
        new ProjectError('frames-lost', `${frames === 1 ? '1 frame is' : `${frames} frames are`} lost.`, {
          remedy: 'The browser may have cleared them. Use an exported copy, if there is one.',
          details: { frames },
        }),
        { kept: 'What came before is kept, and can be continued.' },
      );
    },
  };
}
