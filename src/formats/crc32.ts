/**
 * Tables for "slicing by 8" (Kounavis and Berry, 2005) with the reversed polynomial 0xedb88320 of ZIP and PNG
 * (ISO 3309): `table[256 * k + byte]` is the CRC of `byte` followed by `k` zero bytes.
 */
const table = new Uint32Array(8 * 256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  table[byte] = crc;
}
for (let i = 256; i < table.length; i++) {
  const crc = table[i - 256] ?? 0;
  table[i] = (table[crc & 255] ?? 0) ^ (crc >>> 8);
}

/**
 * CRC-32 as an unsigned integer.
 *
 * @param before CRC of the preceding bytes, to compute a checksum in parts.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  let at = 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entry = (zeros: number, byte: number) => table[256 * zeros + (byte & 255)] ?? 0;
  for (; at + 8 <= bytes.length; at += 8) {
    const low = view.getUint32(at, true) ^ crc;
    const high = view.getUint32(at + 4, true);
    crc =
      entry(7, low) ^
      entry(6, low >>> 8) ^
      entry(5, low >>> 16) ^
      entry(4, low >>> 24) ^
      entry(3, high) ^
      entry(2, high >>> 8) ^
      entry(1, high >>> 16) ^
      entry(0, high >>> 24);
  }
  for (; at < bytes.length; at++) crc = entry(0, crc ^ (bytes[at] ?? 0)) ^ (crc >>> 8);
  return ~crc >>> 0;
}
