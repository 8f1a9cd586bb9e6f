import { ProjectError } from '../base/index.ts';
import type { Autosave } from './autosave.ts';
import type { NoticeAction, Notices } from './notices.ts';

/** What cannot be kept is said under this topic until it can. */
const stuckTopic = 'storage';
const readOnlyTopic = 'read-only';

/** What the page says about the project that is open on it. */
export interface ProjectNotices {
  readonly readOnly: (name: string, actions: readonly NoticeAction[]) => void;
  readonly notReadOnly: () => void;
  /** Frames are missing from the project that was opened. */
  readonly lost: (frames: number) => void;
}

/** @param exportAction offers to export what is on the page, if there is a project */
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
