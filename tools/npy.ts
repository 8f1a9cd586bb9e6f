/** A NumPy array in row-major order. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
}

const magic = [0x93, ...new TextEncoder().encode('NUMPY')];

/**
 * Parses a `.npy` file (format 1.0 to 3.0, NumPy enhancement proposal 1) of little-endian float32 or int32 in C order,
 * the only types in golden data.
 *
 * @throws RangeError if it is not a `.npy` file, has another element type or Fortran order, or its length is wrong
 */
export function parseNpy(bytes: Uint8Array): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 10 || magic.some((byte, i) => bytes[i] !== byte)) {
    throw new RangeError('this is not a .npy file');
  }
  const version = view.getUint8(6);
  if (version < 1 || version > 3) throw new RangeError(`.npy format ${version} is not known`);
  if (version > 1 && bytes.length < 12) throw new RangeError('the header is cut short');
  const headerStart = version === 1 ? 10 : 12;
  const dataStart = headerStart + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (dataStart > bytes.length) throw new RangeError('the header is cut short');

  const header = new TextDecoder().decode(bytes.subarray(headerStart, dataStart));
  const type = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const dims = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  if (type === undefined || order === undefined || dims === undefined) {
    throw new RangeError(`the header cannot be read: ${header.trim()}`);
  }
  if (type !== '<f4' && type !== '<i4') throw new RangeError(`elements of type ${type} are not read`);
  if (order === 'True') throw new RangeError('Fortran order is not read');
  const shape = dims
    .split(',')
    .map((size) => size.trim())
    .filter((size) => size !== '')
    .map(Number);
  const count = shape.reduce((product, size) => product * size, 1);
  if (bytes.length - dataStart !== 4 * count) {
    throw new RangeError(`${bytes.length - dataStart} bytes of data are not ${count} numbers`);
  }
  // Copied, because the data may not be aligned to 4 bytes.
  const memory = new ArrayBuffer(4 * count);
  new Uint8Array(memory).set(bytes.subarray(dataStart));
  return { shape, data: type === '<f4' ? new Float32Array(memory) : new Int32Array(memory) };
}

/** Encodes a `.npy` file (format 1.0) of little-endian float32 in C order; the data is aligned to 64 bytes. */
export function formatNpy(
  shape: readonly number[],
  data: Float32Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const tuple = shape.length === 1 ? `${shape.join()},` : shape.join(', ');
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${tuple}), }`;
  const start = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(start + data.byteLength);
  bytes.set([...magic, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, start - 10, true);
  bytes.set(new TextEncoder().encode(`${text.padEnd(start - 11)}\n`), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  return bytes;
}
