import type { ByteSource, Checkpoint, StoredType, TensorEntry } from '../types.ts';
import { damageError } from './damage.ts';
import { checkTensorName, countValues, elementsToFloat32, mostDims } from './elements.ts';
import { longestPickle, unpickle } from './pickle.ts';
import { PyDict, PyTuple } from './pickle-values.ts';
import type { PyValue } from './pickle-values.ts';
import { missingTensorError } from './safetensors.ts';
import { gather, isContiguous, viewEnd } from './strided.ts';
import type { StridedView } from './strided.ts';
import { TorchStorage, TorchTensor, TorchType, torchHost } from './torch-globals.ts';
import { openTorchZip } from './zip.ts';
import type { Zip, ZipEntry } from '../../formats/index.ts';

/** Expanded (stride 0) tensors repeat stored values; more than 64 MB of repetition is refused. */
const mostRepeated = 2 ** 24;

/** Type, strides and record of a tensor’s values. */
interface TensorLayout {
  readonly type: TorchType;
  readonly view: StridedView;
  readonly count: number;
  readonly record: ZipEntry;
}

/**
 * Opens a checkpoint saved by `torch.save` of PyTorch 1.6 or later (`.bin`, `.pt`, `.ckpt`): a ZIP archive with a pickle
 * that describes the tensors, and one record per storage. Nothing is executed. The tensors are those of the top-level
 * dict, or of the dict under its key `state_dict`.
 *
 * @throws CheckpointError like `openTorchZip` and `unpickle`, and `not-torch` (another kind of archive), `not-weights` (no
 *   dict of tensors), `storage-missing`, `header-lies` (a tensor exceeds its storage, or a storage has another length than
 *   claimed), `odd-name`, `too-large`
 */
export async function openTorch(source: ByteSource, signal?: AbortSignal): Promise<Checkpoint> {
  const file = source.name;
  const zip = await openTorchZip(source, signal);
  const { pickle, prefix } = findPickle(file, zip);
  const bytes = await zip.read(pickle, 0, pickle.size, signal);
  const top = unpickle(file, bytes, torchHost(file));
  const bigEndian = await readByteOrder(file, zip, prefix, signal);

  const tensors = new Map<string, TensorEntry>();
  const layouts = new Map<string, TensorLayout & { readonly stored: StoredType }>();
  for (const [name, value] of stateDict(file, top)) {
    // Training checkpoints also contain step counters, settings and names.
    if (typeof name !== 'string' || !(value instanceof TorchTensor)) continue;
    checkTensorName(file, name);
    const layout = layoutOf(file, name, value, zip, prefix);
    const { stored } = layout.type;
    if (stored === null) continue;
    tensors.set(name, { name, dims: layout.view.dims, type: stored });
    layouts.set(name, { ...layout, stored });
  }

  const locate = (name: string) => {
    const layout = layouts.get(name);
    if (layout === undefined) throw missingTensorError(file, name);
    const { view, count, type, record, stored } = layout;
    const start = view.offset * type.bytes;
    const length = count === 0 ? 0 : viewEnd(view) * type.bytes - start;
    const valuesOf = (bytes: Uint8Array<ArrayBuffer>) => {
      const values = elementsToFloat32(bytes, stored, bigEndian);
      return isContiguous(view) ? values : gather(values, view, count);
    };
    return { record, start, length, valuesOf };
  };
  const { readSync } = zip;
  return {
    name: file,
    tensors,
    async read(name, stop) {
      const { record, start, length, valuesOf } = locate(name);
      return length === 0 ? new Float32Array(0) : valuesOf(await zip.read(record, start, length, stop));
    },
    ...(readSync && {
      readSync: (name: string) => {
        const { record, start, length, valuesOf } = locate(name);
        return length === 0 ? new Float32Array(0) : valuesOf(readSync(record, start, length));
      },
    }),
    stored(name) {
      const layout = layouts.get(name);
      if (layout === undefined) throw missingTensorError(file, name);
      const { view, count, type, record } = layout;
      if (bigEndian || record.compressed || !isContiguous(view)) return null;
      const begin = view.offset * type.bytes;
      return {
        byteLength: count * type.bytes,
        range: (offset, length) => zip.range(record, begin + offset, length),
        read: (offset, length, stop) => zip.read(record, begin + offset, length, stop),
      };
    },
  };
}

/** Finds the pickle in the archive's only folder, which is named after the saved file. */
function findPickle(file: string, zip: Zip): { pickle: ZipEntry; prefix: string } {
  const found = [...zip.entries.values()].filter(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
  const [pickle] = found;
  if (pickle === undefined || found.length > 1) {
    throw damageError(
      'not-torch',
      `${file} is a zip archive, but not a PyTorch checkpoint.`,
      { file, pickles: found.length },
      { remedy: 'Choose the model’s weight file. If it is inside this archive, unpack it first.' },
    );
  }
  const prefix = pickle.name.slice(0, -'data.pkl'.length);
  if (zip.entries.has(`${prefix}constants.pkl`)) {
    throw damageError(
      'not-torch',
      `${file} is a TorchScript program, not a checkpoint.`,
      { file },
      { remedy: 'Choose the model’s weights, as torch.save writes them or as .safetensors.' },
    );
  }
  if (pickle.size > longestPickle) {
    throw damageError('too-large', `${file} describes its tensors in ${pickle.size} bytes, far too many.`, {
      file,
      size: pickle.size,
      limit: longestPickle,
    });
  }
  return { pickle, prefix };
}

/** Byte order from the record `byteorder`, which older files lack: those are little-endian. */
async function readByteOrder(
  file: string,
  zip: Zip,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const record = zip.entries.get(`${prefix}byteorder`);
  if (record === undefined) return false;
  const text = new TextDecoder().decode(await zip.read(record, 0, Math.min(record.size, 16), signal));
  if (text === 'little' || text === 'big') return text === 'big';
  throw damageError('header-damaged', `${file} names an unknown order of bytes.`, { file, order: text });
}

function stateDict(file: string, top: PyValue): ReadonlyMap<PyValue, PyValue> {
  if (top instanceof PyDict) {
    const inner = top.entries.get('state_dict');
    return inner instanceof PyDict ? inner.entries : top.entries;
  }
  throw damageError(
    'not-weights',
    `${file} contains no named weights.`,
    { file },
    { remedy: 'Save the model’s state_dict() instead, or use the .safetensors version of the model.' },
  );
}

function layoutOf(file: string, name: string, tensor: TorchTensor, zip: Zip, prefix: string): TensorLayout {
  const lie = (problem: string, details: Readonly<Record<string, number | string>> = {}) =>
    damageError('header-lies', `In ${file}, the tensor “${name}” ${problem}.`, {
      file,
      tensor: name,
      ...details,
    });

  const { storage, metadata } = tensor;
  if (!(storage instanceof TorchStorage)) throw lie('has no storage');
  const type = tensor.type ?? storage.type;
  if (!(type instanceof TorchType)) throw lie('has no type');
  if (metadata !== null && !(metadata instanceof PyDict && metadata.entries.size === 0)) {
    throw damageError(
      'tensor-unsupported',
      `In ${file}, the tensor “${name}” is stored as the negative or conjugate of another.`,
      { file, tensor: name },
      { remedy: 'Use the .safetensors version of the model.' },
    );
  }

  const dims = sizes(tensor.dims);
  const strides = sizes(tensor.strides);
  const offset = sizes(new PyTuple([tensor.offset]))?.[0];
  if (dims === null || strides === null || offset === undefined || dims.length !== strides.length) {
    throw lie('has invalid sizes');
  }
  const count = countValues(file, name, dims);
  const view = { dims, strides, offset };

  const bytesClaimed = sizes(new PyTuple([storage.count]))?.[0];
  if (bytesClaimed === undefined) throw lie('has a storage without a size');
  const storageSize = bytesClaimed * (storage.type?.bytes ?? 1);
  const record = zip.entries.get(`${prefix}data/${storage.key}`);
  if (record === undefined) {
    throw damageError('storage-missing', `In ${file}, the values of the tensor “${name}” are missing.`, {
      file,
      tensor: name,
      storage: storage.key,
    });
  }
  if (record.size !== storageSize) {
    throw lie(`should have ${storageSize} bytes in store and has ${record.size}`, {
      storage: storage.key,
      claimed: storageSize,
      size: record.size,
    });
  }
  const end = viewEnd(view) * type.bytes;
  if (end > record.size) {
    throw lie(`reaches ${end - record.size} bytes beyond what is stored`, {
      storage: storage.key,
      dims: dims.join('×'),
      strides: strides.join('×'),
      offset,
      size: record.size,
    });
  }
  if (count > mostRepeated && count * type.bytes > record.size) {
    throw damageError('too-large', `In ${file}, the tensor “${name}” repeats a few values too many times.`, {
      file,
      tensor: name,
      dims: dims.join('×'),
      limit: mostRepeated,
    });
  }
  return { type, view, count, record };
}

/** A tuple of non-negative safe integers, or null. */
function sizes(value: PyValue): number[] | null {
  if (!(value instanceof PyTuple) || value.items.length > mostDims) return null;
  const numbers: number[] = [];
  for (const item of value.items) {
    if (typeof item !== 'number' || !Number.isSafeInteger(item) || item < 0) return null;
    numbers.push(item);
  }
  return numbers;
}
