import type { ByteSource } from './byte-source.ts';
import { pngSignature } from './png-rows.ts';

/** Longest text that is read, in bytes. */
const longestText = 2 ** 20;
/** The part of a GIF in which comments before the first frame are searched, in bytes. */
const gifHead = 2 ** 19;

/**
 * Texts about a picture: uncompressed `iTXt` chunks of a PNG or APNG, comments of a GIF before its first frame, the
 * description in a WebP's XMP. Skips what is damaged. Empty for other files.
 *
 * @throws what `source` throws; the signal's reason if aborted
 */
export async function pictureTexts(source: ByteSource, signal: AbortSignal): Promise<string[]> {
  const read = async (offset: number, length: number) => {
    signal.throwIfAborted();
    return source.read(offset, Math.max(0, Math.min(length, source.size - offset)), signal);
  };
  const start = await read(0, 12);
  if (pngSignature.every((byte, i) => start[i] === byte)) return pngTexts(source.size, read);
  const name = latin1(start);
  if (/^GIF8[79]a/.test(name)) return gifComments(await read(0, gifHead));
  if (/^RIFF.{4}WEBP$/s.test(name)) return webpDescriptions(source.size, read);
  return [];
}

type Read = (offset: number, length: number) => Promise<Uint8Array<ArrayBuffer>>;

const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

async function pngTexts(size: number, read: Read): Promise<string[]> {
  const texts: string[] = [];
  for (let at = pngSignature.length; at + 12 <= size;) {
    const head = await read(at, 8);
    const length = new DataView(head.buffer).getUint32(0);
    if (latin1(head.subarray(4)) === 'iTXt' && length <= longestText) {
      const body = await read(at + 8, length);
      // Keyword, compression flag and method, language, translated keyword, text; each name ends with a zero.
      const keyword = body.indexOf(0);
      const isCompressed = body[keyword + 1] !== 0;
      const language = body.indexOf(0, keyword + 3);
      const translated = body.indexOf(0, language + 1);
      if (keyword > 0 && language > 0 && translated > 0 && !isCompressed) {
        texts.push(new TextDecoder().decode(body.subarray(translated + 1)));
      }
    }
    at += 12 + length;
  }
  return texts;
}

function gifComments(bytes: Uint8Array): string[] {
  const flags = bytes[10] ?? 0;
  const texts: string[] = [];
  let at = 13 + (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  while (bytes[at] === 0x21 && at + 2 < bytes.length) {
    const isComment = bytes[at + 1] === 0xfe;
    let text = '';
    at += 2;
    for (let length = bytes[at] ?? 0; length > 0; length = bytes[at] ?? 0) {
      if (isComment) text += latin1(bytes.subarray(at + 1, at + 1 + length));
      at += 1 + length;
    }
    at++;
    if (isComment) texts.push(text);
  }
  return texts;
}

async function webpDescriptions(size: number, read: Read): Promise<string[]> {
  for (let at = 12; at + 8 <= size;) {
    const head = await read(at, 8);
    const length = new DataView(head.buffer).getUint32(4, true);
    if (latin1(head.subarray(0, 4)) === 'XMP ' && length <= longestText) {
      const packet = new TextDecoder().decode(await read(at + 8, length));
      const found = /<dc:description>.*?<rdf:li[^>]*>(.*?)<\/rdf:li>/s.exec(packet);
      return found ? [unescaped(found[1] ?? '')] : [];
    }
    at += 8 + length + (length & 1);
  }
  return [];
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Resolves XML's character references. */
function unescaped(text: string): string {
  return text.replace(
    /&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi,
    (whole, decimal?: string, hex?: string, name = '') => {
      const code =
        decimal !== undefined ? Number(decimal) : hex !== undefined ? Number.parseInt(hex, 16) : null;
      if (code === null) return entities[String(name)] ?? whole;
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
