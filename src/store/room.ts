import type { RoomReport } from './autosave.ts';
import type { NoticeAction, Notices } from './notices.ts';

const roomTopic = 'room';

/** The person is warned when no more frames than this fit. */
const fewFrames = 30;
/** Browsers estimate roughly, and other things than frames take room. */
const reserve = 20e6;

/** Warns once when the room for frames runs out, and takes that back when there is room again. */
export interface RoomWatch {
  readonly hear: (report: RoomReport) => void;
  /** Another project is on the page: what it needs is told anew. */
  readonly reset: () => void;
}

export function createRoomWatch(notices: Notices, actions: () => NoticeAction[]): RoomWatch {
  let warned = false;
  return {
    hear({ bytes, left }) {
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
