import type { SpaceReport } from './autosave.ts';
import type { NoticeAction, Notices } from './notices.ts';

const spaceTopic = 'space';

/** The warning is shown when there is space for at most this number of frames. */
const fewFrames = 30;
/** Bytes that are not counted as free: browsers only estimate, and not only frames are stored. */
const reserve = 20e6;

/** Warning that storage is nearly full, shown once; it is dismissed when there is enough space again. */
export interface SpaceWarning {
  /** Updates the warning after a write. */
  readonly onReport: (report: SpaceReport) => void;
  /** Allows the warning to be shown again, for another project. */
  readonly reset: () => void;
}

/** Creates the warning about storage space. */
export function createSpaceWarning(notices: Notices, actions: () => NoticeAction[]): SpaceWarning {
  let warned = false;
  return {
    onReport({ bytes, left }) {
      const more = bytes > 0 ? Math.floor(Math.max(0, left - reserve) / bytes) : Number.POSITIVE_INFINITY;
      if (more > fewFrames) {
        if (warned) notices.dismissTopic(spaceTopic);
        warned = false;
        return;
      }
      if (warned) return;
      warned = true;
      const frames = more === 1 ? '1 more frame' : `${more} more frames`;
      notices.info(
        spaceTopic,
        `Storage is nearly full: there is room for about ${frames}. Export this project, or delete one that you do not need.`,
        actions(),
      );
    },
    reset() {
      warned = false;
    },
  };
}
