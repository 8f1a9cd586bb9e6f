/** The formats of the Export dialog: each is an encoder of one interface, which reads frames one at a time. */
export { feedOf } from './feed.ts';
export { canEncodeWebp } from './webp.ts';
export type { Encode, EncodeOptions, EncodeWatch, FrameFeed } from './types.ts';
export { encoders, mimeTypes } from './encoders.ts';
