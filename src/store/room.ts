import type { RoomReport } from './autosave.ts';
import type { NoticeAction, Notices } from './notices.ts';

const roomTopic = 'room';

/** The warning is shown when there is space for at most this number of frames. */
const fewFrames = 30;
/** Bytes that are not counted as free: browsers only estimate, and not only frames are stored. */
const reserve = 20e6;

/** Warning that storage is nearly full, shown once; it is dismissed when there is enough space again. */
export interface RoomWatch {
  /** Updates the warning after a write. */
  readonly onReport: (report: RoomReport) => void;
  /** Allows the warning to be shown again, for another project. */
  readonly reset: () => void;
}

/** Creates the warning about storage space. */
export function createRoomWatch(notices: Notices, actions: () => NoticeAction[]): RoomWatch {
  let warned = false;
  return {
    onReport({ bytes, left }) {
      const more = bytes > 0 ? Math.floor(Math.max(0, left - reserve) / bytes) : Number.POSITIVE_INFINITY;
      if (more > fewFrames) {
        if (warned) notices.dismissTopic(roomTopic);
        warned = false;
        return;
      }
      if (warned) return;
      warned = true;
      const room = more === 1 ? '1 more frame' : `${more} more frames`;
      notices.info(
        roomTopic,
        `Storage is nearly full: there is room for about ${room}. Export this project, or delete one that you do not need.`,
        actions(),
      );
    },
    reset() {
      warned = false;
    },
  };
}
