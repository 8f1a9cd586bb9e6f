/** Topics of notices about the animation: a new one replaces, and what makes it untrue dismisses, those of its topic. */

/** Frames were put aside. */
export const putAsideTopic = 'frames';

/** Frames were deleted. */
export const removedTopic = 'removed';

/** A start picture could not be read. */
export const unreadStartTopic = 'start picture';
