import { concatBytes } from '../base/index.ts';

const ascii = (text: string) => new TextEncoder().encode(text);

/** Encodes a RIFF chunk, padded to an even length. */
function riffChunk(type: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8 + body.length + (body.length & 1));
  bytes.set(ascii(type));
  new DataView(bytes.buffer).setUint32(4, body.length, true);
  bytes.set(body, 8);
  return bytes;
}

function uint24(bytes: Uint8Array, at: number, value: number): void {
  bytes.set([value & 255, (value >> 8) & 255, value >> 16], at);
}

/** Offset of the RIFF length field, which is known only when the file is complete. */
export const webpLengthAt = 4;

export interface WebpStart {
  readonly width: number;
  readonly height: number;
  /** Number of times that it plays, at most 65,535; 0 for ever. */
  readonly plays: number;
  /** True if an XMP chunk (`webpXmp`) follows the frames. */
  readonly hasXmp: boolean;
}

/** Header of an animated WebP (RFC 9649): RIFF header with length 0, VP8X and ANIM chunks. */
export function webpStart({ width, height, plays, hasXmp }: WebpStart): Uint8Array<ArrayBuffer> {
  const extended = new Uint8Array(10);
  extended[0] = 0x02 | (hasXmp ? 0x04 : 0);
  uint24(extended, 4, width - 1);
  uint24(extended, 7, height - 1);
  const animation = new Uint8Array(6);
  new DataView(animation.buffer).setUint16(4, plays, true);
  return concatBytes([
    ascii('RIFF'),
    new Uint8Array(4),
    ascii('WEBP'),
    riffChunk('VP8X', extended),
    riffChunk('ANIM', animation),
  ]);
}

/** RIFF length field for a file of `bytes` bytes. */
export function webpLength(bytes: number): Uint8Array<ArrayBuffer> {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes - 8, true);
  return length;
}

/**
 * Encodes a frame that replaces the whole picture.
 *
 * @param file Still WebP file.
 * @param options.milliseconds Duration, below 2^24.
 * @throws RangeError if `file` is not a WebP picture
 */
export function webpFrame(
  file: Uint8Array,
  {
    width,
    height,
    milliseconds,
  }: { readonly width: number; readonly height: number; readonly milliseconds: number },
): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(16);
  uint24(frame, 6, width - 1);
  uint24(frame, 9, height - 1);
  uint24(frame, 12, milliseconds);
  // Do not blend with the previous frame, which then need not be decoded.
  frame[15] = 0x02;
  return riffChunk('ANMF', concatBytes([frame, ...pictureChunks(file)]));
}

/** Extracts the chunks with pixel data (ALPH, VP8, VP8L), the only ones allowed in a frame. */
function pictureChunks(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const nameAt = (at: number) => String.fromCharCode(...file.subarray(at, at + 4));
  if (file.length < 20 || nameAt(0) !== 'RIFF' || nameAt(8) !== 'WEBP') {
    throw new RangeError('this is not a WebP file');
  }
  const chunks: Uint8Array[] = [];
  for (let at = 12; at + 8 <= file.length;) {
    const length = view.getUint32(at + 4, true);
    const end = at + 8 + length + (length & 1);
    if (['ALPH', 'VP8 ', 'VP8L'].includes(nameAt(at))) chunks.push(file.subarray(at, end));
    at = end;
  }
  if (chunks.length === 0) throw new RangeError('this WebP has no picture');
  return chunks;
}

/** Wraps an XMP packet (ISO 16684-1) in a WebP chunk, which goes at the end of the file. */
export function webpXmp(packet: string): Uint8Array<ArrayBuffer> {
  return riffChunk('XMP ', ascii(packet));
}

/** XMP packet with a description and the name of the creating program. */
export function xmpPacket(description: string, program: string): string {
  const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
  return [
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>',
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
    '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"',
    ` xmp:CreatorTool="${escaped(program)}">`,
    `<dc:description><rdf:Alt><rdf:li xml:lang="x-default">${escaped(description)}</rdf:li></rdf:Alt></dc:description>`,
    '</rdf:Description></rdf:RDF></x:xmpmeta>',
    '<?xpacket end="w"?>',
  ].join('');
}
