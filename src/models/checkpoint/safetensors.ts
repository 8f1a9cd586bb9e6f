import * as v from 'valibot';
import { freeNow } from '../../base/index.ts';
import type { ByteSource, Checkpoint, StoredType, TensorEntry } from '../types.ts';
import { damageError } from './damage.ts';
import { checkTensorName, countValues, elementsToFloat32 } from './elements.ts';
import { duplicateKey } from './json-keys.ts';

/** Limit of the reference implementation. */
const longestHeader = 100_000_000;

/** Bits per element. Tensors of types without `type` are validated, but not listed in the checkpoint. */
const elementTypes: ReadonlyMap<string, { readonly bits: number; readonly type?: StoredType }> = new Map([
  ['F64', { bits: 64, type: 'float64' }],
  ['F32', { bits: 32, type: 'float32' }],
  ['F16', { bits: 16, type: 'float16' }],
  ['BF16', { bits: 16, type: 'bfloat16' }],
  ...['I64', 'U64', 'C64'].map((name) => [name, { bits: 64 }] as const),
  ...['I32', 'U32'].map((name) => [name, { bits: 32 }] as const),
  ...['I16', 'U16'].map((name) => [name, { bits: 16 }] as const),
  ...['I8', 'U8', 'BOOL', 'F8_E4M3', 'F8_E5M2', 'F8_E8M0'].map((name) => [name, { bits: 8 }] as const),
  ...['F6_E2M3', 'F6_E3M2'].map((name) => [name, { bits: 6 }] as const),
  ['F4', { bits: 4 }],
]);

const index = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const entrySchema = v.object({
  dtype: v.string(),
  shape: v.array(index),
  data_offsets: v.strictTuple([index, index]),
});
const headerSchema = v.custom<Record<string, unknown>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

/** Entry of the header: a tensor's byte range, relative to the start of the values. */
export interface HeaderEntry {
  readonly name: string;
  readonly dims: readonly number[];
  /** Type name of the format, such as `F16`. */
  readonly dtype: string;
  /** Undefined for unsupported types. */
  readonly type: StoredType | undefined;
  readonly begin: number;
  readonly end: number;
}

/**
 * Opens a `.safetensors` file: reads and validates its header, without reading weights.
 *
 * @throws CheckpointError `truncated` (with the number of `missing` bytes), `header-too-long`, `header-damaged` (invalid
 *   JSON), `duplicate-name`, `odd-name`, `type-unknown`, `header-lies` (inconsistent sizes, or bytes that belong to no
 *   tensor), `overlap` (overlapping tensors, or gaps between them), `too-large`
 */
export async function openSafetensors(source: ByteSource, signal?: AbortSignal): Promise<Checkpoint> {
  const file = source.name;
  const header = await readSafetensorsHeader(source, signal);
  const tensors = new Map<string, TensorEntry>();
  const entries = new Map<string, Omit<HeaderEntry, 'type'> & { readonly type: StoredType }>();
  for (const { type, ...entry } of header.entries) {
    if (type === undefined) continue;
    tensors.set(entry.name, { name: entry.name, dims: entry.dims, type });
    entries.set(entry.name, { ...entry, type });
  }
  const locate = (name: string) => {
    const entry = entries.get(name);
    if (entry === undefined) throw missingTensorError(file, name);
    return { offset: header.end + entry.begin, length: entry.end - entry.begin, type: entry.type };
  };
  const { readSync } = source;
  return {
    name: file,
    tensors,
    async read(name, stop) {
      const { offset, length, type } = locate(name);
      return elementsToFloat32(await source.read(offset, length, stop), type);
    },
    ...(readSync && {
      readSync: (name: string) => {
        const { offset, length, type } = locate(name);
        const bytes = readSync(offset, length);
        const values = elementsToFloat32(bytes, type);
        if (values.buffer !== bytes.buffer) freeNow(bytes);
        return values;
      },
    }),
    stored(name) {
      const { offset: begin, length: byteLength } = locate(name);
      return {
        byteLength,
        range: (offset, length) => ({ begin: begin + offset, end: begin + offset + length }),
        read: (offset, length, stop) => source.read(begin + offset, length, stop),
      };
    },
  };
}

/** Validated header of a safetensors file. */
export interface SafetensorsHeader {
  /** Offset of the values, in bytes. */
  readonly end: number;
  /** The tensors, which fill the rest of the file. */
  readonly entries: readonly HeaderEntry[];
}

/** Reads and validates a header. @throws CheckpointError like `openSafetensors` */
export async function readSafetensorsHeader(
  source: ByteSource,
  signal?: AbortSignal,
): Promise<SafetensorsHeader> {
  const { json, end } = await readJsonHeader(source, signal);
  const entries: HeaderEntry[] = [];
  for (const [name, value] of Object.entries(json)) {
    if (name !== '__metadata__') entries.push(parseEntry(source.name, name, value));
  }
  checkLayout(source, end, entries);
  return { end, entries };
}

/** Creates the error for a tensor that is not in the checkpoint. */
export function missingTensorError(file: string, tensor: string): Error {
  return damageError(
    'tensor-missing',
    `${file} has no tensor called “${tensor}”.`,
    { file, tensor },
    { remedy: 'The file belongs to another kind of model. Check that it is the one the model asks for.' },
  );
}

async function readJsonHeader(
  source: ByteSource,
  signal: AbortSignal | undefined,
): Promise<{ json: Record<string, unknown>; end: number }> {
  const file = source.name;
  const bytes = await source.read(0, 8, signal);
  const claimed = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (claimed > BigInt(longestHeader)) {
    throw damageError('header-too-long', `${file} claims a header of ${claimed.toString()} bytes.`, {
      file,
      claimed: claimed.toString(),
      limit: longestHeader,
    });
  }
  const length = Number(claimed);
  const text = decodeHeader(file, await source.read(8, length, signal));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw damageError('header-damaged', `The header of ${file} is not JSON.`, { file }, { cause });
  }
  const object = v.safeParse(headerSchema, json);
  if (!object.success || !text.startsWith('{')) {
    throw damageError('header-damaged', `The header of ${file} is not a JSON object.`, { file });
  }
  const key = duplicateKey(text);
  if (key !== null) {
    throw damageError('duplicate-name', `The header of ${file} says “${key}” twice.`, { file, key });
  }
  return { json: object.output, end: 8 + length };
}

function decodeHeader(file: string, bytes: Uint8Array): string {
  try {
    // Keep a byte order mark, which then fails as JSON: the format does not allow one.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw damageError('header-damaged', `The header of ${file} is not text.`, { file }, { cause });
  }
}

function parseEntry(file: string, name: string, value: unknown): HeaderEntry {
  checkTensorName(file, name);
  const parsed = v.safeParse(entrySchema, value);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const field = v.getDotPath(issue) ?? '';
    throw damageError(
      'header-damaged',
      `In ${file}, the header of the tensor “${name}” is wrong${field === '' ? '' : ` in ${field}`}.`,
      { file, tensor: name, field, problem: issue.message },
    );
  }
  const { dtype, shape, data_offsets } = parsed.output;
  const [begin, end] = data_offsets;
  const element = elementTypes.get(dtype);
  if (element === undefined) {
    throw damageError(
      'type-unknown',
      `In ${file}, the tensor “${name}” has the type ${dtype}, which Drift does not know.`,
      { file, tensor: name, type: dtype },
      { remedy: 'Use the float32 or float16 version of the model.' },
    );
  }
  const count = countValues(file, name, shape);
  if (begin > end || (end - begin) * 8 !== count * element.bits) {
    throw damageError(
      'header-lies',
      `In ${file}, the tensor “${name}” of ${shape.join('×')} ${dtype} values cannot lie between the bytes ${begin} and ${end}.`,
      { file, tensor: name, type: dtype, dims: shape.join('×'), begin, end },
    );
  }
  return { name, dims: shape, dtype, type: element.type, begin, end };
}

/** Checks that tensors fill the file after its header, without overlaps and gaps. */
function checkLayout(source: ByteSource, headerEnd: number, entries: readonly HeaderEntry[]): void {
  const file = source.name;
  const inOrder = entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  let before: string | null = null;
  for (const { name, begin, end: next } of inOrder) {
    if (begin !== end) {
      throw damageError(
        'overlap',
        begin < end
          ? `In ${file}, the tensor “${name}” overlaps “${before ?? ''}”.`
          : `In ${file}, there is a gap before the tensor “${name}”.`,
        { file, tensor: name, before, begin, expected: end },
      );
    }
    end = next;
    before = name;
  }
  const missing = headerEnd + end - source.size;
  if (missing > 0) {
    throw damageError(
      'truncated',
      `${file} ends too early: ${missing} bytes are missing, the last of “${before ?? ''}”.`,
      { file, tensor: before, missing, size: source.size },
      { remedy: 'The file was cut short. Download or copy it again.' },
    );
  }
  if (missing < 0) {
    throw damageError('header-lies', `${file} has ${-missing} bytes that belong to no tensor.`, {
      file,
      excess: -missing,
      size: source.size,
    });
  }
}
