import { describe, expect, it } from 'vitest';
import { formatNpy, parseNpy } from '../../../tools/npy.ts';

/** A `.npy` file by NumPy's description of the format. */
function npy(header: string, data: Uint8Array, version = 1): Uint8Array {
  const text = new TextEncoder().encode(header);
  const lengthBytes = version === 1 ? 2 : 4;
  const bytes = new Uint8Array(8 + lengthBytes + text.length + data.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(bytes.buffer);
  if (version === 1) view.setUint16(8, text.length, true);
  else view.setUint32(8, text.length, true);
  bytes.set(text, 8 + lengthBytes);
  bytes.set(data, 8 + lengthBytes + text.length);
  return bytes;
}

const header = (descr: string, shape: string, fortran = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;
const floats = new Uint8Array(Float32Array.of(1.5, -2, 0.25, 1e-40, NaN, Infinity).buffer);

describe('parseNpy', () => {
  it.each([1, 2, 3])('reads float32 of format %i', (version) => {
    const { shape, data } = parseNpy(npy(header('<f4', '(2, 3)'), floats, version));
    expect(shape).toEqual([2, 3]);
    expect(data).toEqual(Float32Array.of(1.5, -2, 0.25, 1e-40, NaN, Infinity));
  });

  it('reads int32, vectors and scalars', () => {
    const integers = new Uint8Array(Int32Array.of(999, -1).buffer);
    expect(parseNpy(npy(header('<i4', '(2,)'), integers))).toEqual({
      shape: [2],
      data: Int32Array.of(999, -1),
    });
    expect(parseNpy(npy(header('<i4', '()'), integers.subarray(0, 4)))).toEqual({
      shape: [],
      data: Int32Array.of(999),
    });
  });

  it('reads a view into a larger buffer, as Node returns for small files', () => {
    const file = npy(header('<f4', '(6,)'), floats);
    const pool = Buffer.alloc(file.length + 7);
    pool.set(file, 3);
    expect(parseNpy(pool.subarray(3, 3 + file.length)).data[2]).toBe(0.25);
  });

  it.each([
    ['something else', new TextEncoder().encode('PK\u0003\u0004 and so on'), 'not a .npy file'],
    ['an empty file', new Uint8Array(0), 'not a .npy file'],
    ['a format of the future', npy(header('<f4', '(6,)'), floats, 9), 'format 9'],
    ['another element type', npy(header('<f8', '(3,)'), floats), '<f8'],
    ['big-endian numbers', npy(header('>f4', '(6,)'), floats), '>f4'],
    ['Fortran order', npy(header('<f4', '(2, 3)', 'True'), floats), 'Fortran'],
    ['too few numbers', npy(header('<f4', '(7,)'), floats), '7 numbers'],
    ['too many numbers', npy(header('<f4', '(5,)'), floats), '5 numbers'],
    ['a header without a shape', npy("{'descr': '<f4', 'fortran_order': False}", floats), 'cannot be read'],
    ['a header longer than the file', npy(header('<f4', '(6,)'), floats).subarray(0, 40), 'cut short'],
  ])('rejects %s', (_, bytes, reason) => {
    expect(() => parseNpy(bytes)).toThrow(reason);
  });
});

describe('formatNpy', () => {
  it.each([[[]], [[1]], [[4]], [[2, 3]], [[1, 4, 8, 8]]])('writes what parseNpy reads: %j', (shape) => {
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i / 3);
    const bytes = formatNpy(shape, data);
    expect(parseNpy(bytes)).toEqual({ shape, data });
    expect((bytes.length - data.byteLength) % 64).toBe(0);
  });
});
