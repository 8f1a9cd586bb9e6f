/** Encoders of the Export dialog, with a common interface; they read frames one at a time. */
export { feedOf, ofOneSize } from './feed.ts';
export { canEncodeWebp } from './webp.ts';
export type { Encode, EncodeOptions, EncodeWatch, FrameFeed } from './types.ts';
export { encoders, mimeTypes } from './encoders.ts';
export { encoderNeeds } from './encoder-needs.ts';
export type { EncoderNeeds } from './encoder-needs.ts';
