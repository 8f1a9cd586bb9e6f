/** Maximum number of frames in a project, and so of pictures that become one. */
export const mostFrames = 100_000;
