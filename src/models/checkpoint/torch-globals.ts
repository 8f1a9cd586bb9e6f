import type { StoredType } from '../types.ts';
import { damageError } from './damage.ts';
import type { PickleHost } from './pickle.ts';
import { PyDict, PyFunction, PyList, PyObject, PyTuple } from './pickle-values.ts';
import type { PyValue } from './pickle-values.ts';

/** A PyTorch dtype: bytes per element, and Drift's element type for floats. */
export class TorchType extends PyObject {
  readonly label: string;
  readonly bytes: number;
  readonly stored: StoredType | null;
  constructor(label: string, bytes: number, stored: StoredType | null = null) {
    super();
    this.label = label;
    this.bytes = bytes;
    this.stored = stored;
  }
}

/** A storage class, such as `torch.FloatStorage` for float32. The type is null for untyped storages. */
class StorageClass extends PyObject {
  readonly label: string;
  readonly type: TorchType | null;
  constructor(label: string, type: TorchType | null) {
    super();
    this.label = label;
    this.type = type;
  }
}

/** A storage: one record of the archive. */
export class TorchStorage extends PyObject {
  readonly label = 'a storage';
  /** Name of the record under `data/`. */
  readonly key: string;
  readonly type: TorchType | null;
  /** Number of elements, or of bytes if untyped. */
  readonly count: PyValue;
  constructor(key: string, type: TorchType | null, count: PyValue) {
    super();
    this.key = key;
    this.type = type;
    this.count = count;
  }
}

/** A tensor as described by the pickle, not validated yet. */
export class TorchTensor extends PyObject {
  readonly label = 'a tensor';
  readonly storage: PyValue;
  readonly offset: PyValue;
  readonly dims: PyValue;
  readonly strides: PyValue;
  /** Null if the storage is typed. */
  readonly type: PyValue;
  /** Flags that change the meaning of the values (negative, conjugate). */
  readonly metadata: PyValue;
  constructor(parts: {
    storage: PyValue;
    offset: PyValue;
    dims: PyValue;
    strides: PyValue;
    type: PyValue;
    metadata: PyValue;
  }) {
    super();
    this.storage = parts.storage;
    this.offset = parts.offset;
    this.dims = parts.dims;
    this.strides = parts.strides;
    this.type = parts.type;
    this.metadata = parts.metadata;
  }
}

/** Maximum total pairs in ordered dicts: a pickle could refer to one long list again and again. */
const mostPairs = 2 ** 20;

const types = [
  new TorchType('float64', 8, 'float64'),
  new TorchType('float32', 4, 'float32'),
  new TorchType('float16', 2, 'float16'),
  new TorchType('bfloat16', 2, 'bfloat16'),
  ...['int8', 'uint8', 'bool'].map((name) => new TorchType(name, 1)),
  ...['int16', 'uint16'].map((name) => new TorchType(name, 2)),
  ...['int32', 'uint32'].map((name) => new TorchType(name, 4)),
  ...['int64', 'uint64', 'complex64'].map((name) => new TorchType(name, 8)),
  new TorchType('complex128', 16),
  ...['float8_e4m3fn', 'float8_e4m3fnuz', 'float8_e5m2', 'float8_e5m2fnuz'].map(
    (name) => new TorchType(name, 1),
  ),
];

const storageNames: ReadonlyMap<string, string> = new Map([
  ['DoubleStorage', 'float64'],
  ['FloatStorage', 'float32'],
  ['HalfStorage', 'float16'],
  ['BFloat16Storage', 'bfloat16'],
  ['LongStorage', 'int64'],
  ['IntStorage', 'int32'],
  ['ShortStorage', 'int16'],
  ['CharStorage', 'int8'],
  ['ByteStorage', 'uint8'],
  ['BoolStorage', 'bool'],
  ['ComplexFloatStorage', 'complex64'],
  ['ComplexDoubleStorage', 'complex128'],
]);

/**
 * Pickle host for PyTorch checkpoints. Allows ordered dicts, tensors, parameters, storages and dtypes, as plain
 * descriptions; refuses everything else.
 *
 * @param file File name, for errors.
 */
export function torchHost(file: string): PickleHost {
  const damaged = (problem: string) =>
    damageError('pickle-damaged', `${file} describes its tensors wrongly: ${problem}.`, { file, problem });

  let pairsTaken = 0;
  const functions = [
    new PyFunction('collections.OrderedDict', (args) => {
      const dict = new PyDict();
      const [pairs] = args;
      if (args.length === 0) return dict;
      // Python 2 and early 3 pickle a list of pairs; later versions set items one by one.
      if (args.length > 1 || !(pairs instanceof PyList)) throw damaged('an OrderedDict is not made of pairs');
      pairsTaken += pairs.items.length;
      if (pairsTaken > mostPairs) throw damaged('too many pairs');
      for (const pair of pairs.items) {
        const items = pair instanceof PyTuple || pair instanceof PyList ? pair.items : [];
        const [key, value] = items;
        if (items.length !== 2 || key === undefined || value === undefined) {
          throw damaged('an OrderedDict is not made of pairs');
        }
        dict.entries.set(key, value);
      }
      return dict;
    }),
    new PyFunction('torch._utils._rebuild_tensor_v2', (args) => {
      const [storage, offset, dims, strides, , , metadata] = args;
      if (args.length < 6 || args.length > 7) throw damaged(`a tensor of ${args.length} arguments`);
      return tensorOf({ storage, offset, dims, strides, type: null, metadata });
    }),
    // For dtypes without a storage class.
    new PyFunction('torch._utils._rebuild_tensor_v3', (args) => {
      const [storage, offset, dims, strides, , , type, metadata] = args;
      if (args.length < 7 || args.length > 8) throw damaged(`a tensor of ${args.length} arguments`);
      return tensorOf({ storage, offset, dims, strides, type, metadata });
    }),
    new PyFunction('torch._utils._rebuild_parameter', (args) => {
      const [tensor] = args;
      if (args.length !== 3 || !(tensor instanceof TorchTensor)) throw damaged('a parameter is not a tensor');
      return tensor;
    }),
  ];
  const globals = new Map<string, PyObject>(functions.map((entry) => [entry.label, entry]));
  for (const type of types) globals.set(`torch.${type.label}`, type);
  for (const [name, typeName] of storageNames) {
    const type = types.find(({ label }) => label === typeName) ?? null;
    globals.set(`torch.${name}`, new StorageClass(name, type));
  }
  globals.set('torch.storage.UntypedStorage', new StorageClass('UntypedStorage', null));

  return {
    // Joining is unambiguous: ("torch", "storage.UntypedStorage") means the same class.
    global: (module, name) => globals.get(`${module}.${name}`) ?? null,
    persistent(id) {
      const items = id instanceof PyTuple ? id.items : [];
      const [kind, storageClass, key, , count] = items;
      if (
        kind !== 'storage' ||
        !(storageClass instanceof StorageClass) ||
        typeof key !== 'string' ||
        count === undefined
      ) {
        throw damaged('a storage is invalid');
      }
      return new TorchStorage(key, storageClass.type, count);
    },
  };
}

function tensorOf(
  parts: Readonly<
    Record<'storage' | 'offset' | 'dims' | 'strides' | 'type' | 'metadata', PyValue | undefined>
  >,
): TorchTensor {
  const { storage = null, offset = null, dims = null, strides = null, type = null, metadata = null } = parts;
  return new TorchTensor({ storage, offset, dims, strides, type, metadata });
}
