/**
 * Mends an AVC decoder configuration record (ISO/IEC 14496-15, 5.3.3.1) in which parameter sets begin with their first byte
 * twice, as Firefox 153 writes it on Linux: ffmpeg reads wrong values from them ("Overread VUI by 8 bits, sps_id 1 out of
 * range"). Other records are returned unchanged.
 */
export function mendedAvcConfig(record: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  // After the header: the number of sequence parameter sets and these, then likewise the picture parameter sets.
  const first = 8;
  const isDoubled = record.length > first + 1 && record[first] === record[first + 1];
  // A sound sequence parameter set goes on with the profile, and 103 (the byte 0x67) is none.
  if (!isDoubled || record[0] !== 1 || ((record[first] ?? 0) & 31) !== sequenceSet) return record;
  const mended = [...record.subarray(0, 4), (record[4] ?? 0) | 0xfc];
  let at = 5;
  for (const reserved of [0xe0, 0]) {
    const count = record[at] ?? 0;
    mended.push(count | reserved);
    at++;
    for (let i = 0; i < (reserved > 0 ? count & 31 : count); i++) {
      if (at + 2 > record.length) return record;
      const end = at + 2 + view.getUint16(at);
      const set = record.subarray(at + 2, end);
      const sound = set[0] === set[1] ? set.subarray(1) : set;
      mended.push(sound.length >> 8, sound.length & 255, ...sound);
      at = end;
    }
  }
  return new Uint8Array([...mended, ...record.subarray(at)]);
}

/** Type of a NAL unit with a sequence parameter set. */
const sequenceSet = 7;
