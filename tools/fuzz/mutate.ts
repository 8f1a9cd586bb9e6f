import type { Random } from './random.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Boundary values of lengths, offsets and counts. */
const extremes = [
  0,
  1,
  7,
  0x7f,
  0x80,
  0xff,
  0x7fff,
  0xffff,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 53,
  2 ** 63,
];

/**
 * Applies one to eight random mutations, more often few, because many are rejected early by readers. `others` are files
 * of the same kind to splice from.
 */
export function mutated(file: Bytes, random: Random, others: readonly Bytes[]): Bytes {
  let bytes = file;
  for (let left = 1 + random.below(1 + random.below(8)); left > 0; left--) {
    bytes = changed(bytes, random, others);
  }
  return bytes;
}

function changed(bytes: Bytes, random: Random, others: readonly Bytes[]): Bytes {
  const at = random.below(bytes.length + 1);
  const length = random.below(1 + Math.min(64, bytes.length - at));
  switch (random.below(9)) {
    case 0:
      return overwritten(bytes, at, Uint8Array.of((bytes[at] ?? 0) ^ (1 << random.below(8))));
    case 1:
      return overwritten(bytes, at, random.bytes(1 + random.below(4)));
    case 2:
    case 3:
      return overwritten(bytes, at, integer(random));
    case 4:
      return spliced(bytes, at, length, new Uint8Array(0));
    case 5:
      return spliced(bytes, at, 0, random.bytes(length));
    case 6:
      return spliced(bytes, at, 0, bytes.slice(at, at + length));
    case 7: {
      const other = random.pick(others);
      const from = random.below(other.length + 1);
      return spliced(bytes, at, length, other.slice(from, from + random.below(256)));
    }
    default:
      // Truncation is rare, because it leaves little to parse.
      return random.below(4) === 0 ? bytes.slice(0, at) : overwritten(bytes, at, integer(random));
  }
}

/** Boundary value ±1 as an integer of 1, 2, 4 or 8 bytes, in either byte order. */
function integer(random: Random): Bytes {
  const size = random.pick([1, 2, 4, 8]);
  const value = BigInt(random.pick(extremes)) + BigInt(random.below(3)) - 1n;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt.asIntN(64, value), true);
  const little = bytes.slice(0, size);
  return random.below(2) === 0 ? little : little.reverse();
}

function overwritten(bytes: Bytes, at: number, patch: Bytes): Bytes {
  const copy = bytes.slice();
  copy.set(patch.subarray(0, Math.max(0, copy.length - at)), Math.min(at, copy.length));
  return copy;
}

function spliced(bytes: Bytes, at: number, removed: number, added: Bytes): Bytes {
  const result = new Uint8Array(bytes.length - removed + added.length);
  result.set(bytes.subarray(0, at));
  result.set(added, at);
  result.set(bytes.subarray(at + removed), at + added.length);
  return result;
}

/** Values of unexpected type or range to put into JSON. */
const strangers: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e9,
  2 ** 53,
  1e308,
  '',
  '../x',
  '\u0000',
  'x'.repeat(1000),
  [],
  {},
  [[]],
  { __proto__: null, constructor: 1 },
];

/** JSON with one to four values replaced, removed or duplicated; the result is valid JSON. */
export function mutatedJson(text: string, random: Random): string {
  const root: unknown = JSON.parse(text);
  for (let left = 1 + random.below(4); left > 0; left--) {
    const properties: { holder: object; key: string }[] = [];
    collect(root, properties);
    if (properties.length === 0) break;
    const { holder, key } = random.pick(properties);
    const kind = random.below(4);
    if (kind === 0) Reflect.deleteProperty(holder, key);
    else if (kind === 1) Reflect.set(holder, `${key}${random.below(10)}`, Reflect.get(holder, key));
    else Reflect.set(holder, key, instead(Reflect.get(holder, key), random));
  }
  return JSON.stringify(root);
}

/** Replacement of a value; numbers are mostly replaced by other numbers, which pass type checks. */
function instead(value: unknown, random: Random): unknown {
  // A copy, because later replacements may change it.
  if (typeof value !== 'number' || random.below(4) === 0) return structuredClone(random.pick(strangers));
  return random.pick([value + 1, value - 1, 2 * value, -value, value + 0.5, random.pick(extremes)]);
}

function collect(value: unknown, properties: { holder: object; key: string }[]): void {
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    properties.push({ holder: value, key });
    collect(Reflect.get(value, key), properties);
  }
}
