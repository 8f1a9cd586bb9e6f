type Scalar = 'u32' | 'i32' | 'f32';
type Vector = 'vec2i' | 'vec4f';
/** The WGSL type of a uniform; `vec4fs` is `array<vec4f, n>`. */
export type ParamType = Scalar | Vector | { readonly vec4fs: number };
/** The uniforms of a kernel, in the order of its `Params` struct. */
export type ParamSchema = Readonly<Record<string, ParamType>>;
/** Values for a schema. Arrays may be shorter than declared: the rest is zero. */
export type ParamValues<S extends ParamSchema> = {
  readonly [Name in keyof S]: S[Name] extends Scalar ? number : readonly number[];
};

/** Scalar type, number of components, and alignment in bytes, by the rules of WGSL's uniform address space. */
function layoutOf(type: ParamType): {
  readonly scalar: Scalar;
  readonly count: number;
  readonly align: number;
} {
  if (typeof type === 'object') return { scalar: 'f32', count: 4 * type.vec4fs, align: 16 };
  if (type === 'vec2i') return { scalar: 'i32', count: 2, align: 8 };
  if (type === 'vec4f') return { scalar: 'f32', count: 4, align: 16 };
  return { scalar: type, count: 1, align: 4 };
}

const aligned = (offset: number, align: number) => Math.ceil(offset / align) * align;

/** WGSL of a kernel's uniforms, on one line: the struct `Params` and the variable `params` at binding 0; empty for none. */
export function declarationOf(schema: ParamSchema): string {
  if (Object.keys(schema).length === 0) return '';
  const members = Object.entries(schema).map(
    ([name, type]) => `${name}: ${typeof type === 'object' ? `array<vec4f, ${type.vec4fs}>` : type}`,
  );
  return `struct Params { ${members.join(', ')} } @group(0) @binding(0) var<uniform> params: Params; `;
}

/** Size of a kernel's `Params` in bytes, a multiple of 16. */
export function paramsSize(schema: ParamSchema): number {
  const end = Object.values(schema).reduce((offset: number, type) => {
    const { count, align } = layoutOf(type);
    return aligned(offset, align) + 4 * count;
  }, 0);
  return aligned(end, 16);
}

/**
 * Packs uniforms in the layout of the WGSL struct.
 *
 * @throws RangeError if a value is missing or too long
 */
export function packParams<S extends ParamSchema>(schema: S, values: ParamValues<S>): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(paramsSize(schema)));
  let offset = 0;
  for (const [name, type] of Object.entries(schema)) {
    const { scalar, count, align } = layoutOf(type);
    offset = aligned(offset, align);
    const value: unknown = Reflect.get(values, name);
    const numbers: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (numbers.length > count) throw new RangeError(`${name} has ${numbers.length} values, not ${count}`);
    for (const [index, number] of numbers.entries()) {
      if (typeof number !== 'number') throw new RangeError(`${name} is not a number`);
      const at = offset + 4 * index;
      if (scalar === 'f32') view.setFloat32(at, number, true);
      else if (scalar === 'i32') view.setInt32(at, number, true);
      else view.setUint32(at, number, true);
    }
    offset += 4 * count;
  }
  return view.buffer;
}
