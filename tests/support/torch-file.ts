import { concat, uint, utf8 } from './bytes.ts';
import type { Packed } from './zip-file.ts';

/** Bytes of a pickle: opcodes with arguments. */
export type Ops = Uint8Array<ArrayBuffer>;

export const op = (...bytes: number[]): Ops => Uint8Array.from(bytes);

function integer(value: number): Ops {
  if (value >= 0 && value < 0x100) return op(0x4b, value);
  if (value >= 0 && value < 0x10000) return concat(op(0x4d), uint(2, value));
  if (value >= -0x80000000 && value < 0x80000000) return concat(op(0x4a), uint(4, value >>> 0));
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true);
  return concat(op(0x8a, 8), bytes);
}

/** Pickles of plain values, protocol 2, as by `torch.save`. */
export const py = {
  none: op(0x4e),
  emptyTuple: op(0x29),
  boolean: (value: boolean) => op(value ? 0x88 : 0x89),
  string: (text: string) => concat(op(0x58), uint(4, utf8(text).length), utf8(text)),
  integer,
  tuple: (...items: Ops[]): Ops => {
    if (items.length === 0) return op(0x29);
    if (items.length <= 3) return concat(...items, op(0x84 + items.length));
    return concat(op(0x28), ...items, op(0x74));
  },
  list: (...items: Ops[]) => concat(op(0x5d, 0x28), ...items, op(0x65)),
  dict: (...pairs: [Ops, Ops][]) => concat(op(0x7d, 0x28), ...pairs.flat(), op(0x75)),
  global: (module: string, name: string) => concat(op(0x63), utf8(`${module}\n${name}\n`)),
  reduce: (callee: Ops, args: Ops) => concat(callee, args, op(0x52)),
  persistent: (id: Ops) => concat(id, op(0x51)),
  orderedDict: (...pairs: [Ops, Ops][]) =>
    concat(
      py.reduce(py.global('collections', 'OrderedDict'), py.emptyTuple),
      op(0x28),
      ...pairs.flat(),
      op(0x75),
    ),
  pickle: (value: Ops, protocol = 2) => concat(op(0x80, protocol), value, op(0x2e)),
};

/** A storage: its record in the archive, and its pickled description. */
export interface StorageSpec {
  readonly key: string;
  readonly className: string;
  readonly count: number;
}

export function storageOps({ key, className, count }: StorageSpec): Ops {
  return py.persistent(
    py.tuple(
      py.string('storage'),
      py.global('torch', className),
      py.string(key),
      py.string('cpu'),
      py.integer(count),
    ),
  );
}

export interface TensorSpec {
  readonly storage: StorageSpec;
  readonly offset?: number;
  readonly dims: readonly number[];
  readonly strides: readonly number[];
}

export function tensorOps({ storage, offset = 0, dims, strides }: TensorSpec): Ops {
  return py.reduce(
    py.global('torch._utils', '_rebuild_tensor_v2'),
    py.tuple(
      storageOps(storage),
      py.integer(offset),
      py.tuple(...dims.map(py.integer)),
      py.tuple(...strides.map(py.integer)),
      py.boolean(false),
      py.orderedDict(),
    ),
  );
}

/** Records of an archive as current `torch.save` writes it. */
export function torchRecords(
  pickle: Ops,
  storages: Readonly<Record<string, Uint8Array | number>>,
  { prefix = 'archive', byteOrder = 'little' }: { prefix?: string; byteOrder?: string | null } = {},
): Packed[] {
  return [
    { name: `${prefix}/data.pkl`, data: pickle },
    { name: `${prefix}/.format_version`, data: utf8('1') },
    { name: `${prefix}/.storage_alignment`, data: utf8('64') },
    ...(byteOrder === null ? [] : [{ name: `${prefix}/byteorder`, data: utf8(byteOrder) }]),
    ...Object.entries(storages).map(([key, data]) => ({ name: `${prefix}/data/${key}`, data })),
    { name: `${prefix}/version`, data: utf8('3\n') },
    { name: `${prefix}/.data/serialization_id`, data: utf8('1234567890123456789012345678901234567890') },
  ];
}
