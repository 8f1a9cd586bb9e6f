/** File formats read or written without a library: ZIP (with ZIP64), PNG, APNG, GIF, animated WebP; and output files. */
export { BlobOutput } from './blob-output.ts';
export { crc32 } from './crc32.ts';
export { writeOutput } from './output-file.ts';
export type { CreateOutput, OutputFile } from './output-file.ts';
export { encodePng } from './png-encode.ts';
export { decodePng, longestPng } from './png-decode.ts';
export type { PictureSize, PngFault, PngOptions } from './png-decode.ts';
export type { ByteSource } from './byte-source.ts';
export type { ZipEntry, ZipFault } from './zip-directory.ts';
export { openZip } from './zip-reader.ts';
export type { Zip } from './zip-reader.ts';
export { writeZip, zipStream } from './zip-writer.ts';
export type { ZipFile } from './zip-writer.ts';
export { pngChunk, pngChunks, pngText, withPngChunks } from './png-chunks.ts';
export { ApngWriter } from './apng.ts';
export { GifLzw } from './lzw.ts';
export { gifComment, gifEnd, gifFrame, gifStart, retimedGif, shortestGifDelay } from './gif.ts';
export { webpFrame, webpLength, webpLengthAt, webpStart, webpXmp, xmpPacket } from './webp.ts';
