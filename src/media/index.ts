/** Decodes picture files to frames, and encodes frames to animations. */
export { decodePicture } from './decode.ts';
export type { DecodeOptions } from './decode.ts';
export { maxPixels, minSide, sniffPicture } from './sniff.ts';
export type { PictureHeader, PictureKind } from './sniff.ts';
export type { EncodeControl, FrameSource, MediaFile } from './animation.ts';
export { encodeGif } from './gif.ts';
export type { GifOptions } from './gif.ts';
export { encodeMp4 } from './mp4.ts';
export { encodeZip } from './zip.ts';
export { metadataTexts } from './notes.ts';
export { readFrames } from './frames.ts';
export type { ImportedFrames, ImportedPicture } from './frames.ts';
export { openImportedArchive } from './unpack.ts';
export type { ImportedArchive } from './unpack.ts';
export { canEncodeWebp, encoders, feedOf, mimeTypes } from './export/index.ts';
export type { EncodeOptions } from './export/index.ts';
export { writeToSink } from './output-sink.ts';
export type { Sink } from './output-sink.ts';
