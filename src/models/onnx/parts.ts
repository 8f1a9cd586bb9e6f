import type { GraphBuilder, Value } from './builder.ts';

/**
 * Maximum inputs or outputs of a node: a kernel binds all of them, and a GPU may allow only 8 bindings. Wider splits and
 * joins are nested.
 */
const maxParts = 7;

/** Splits a value into parts of the given lengths along an axis. */
export function splitParts(g: GraphBuilder, value: Value, lengths: readonly number[], axis: number): Value[] {
  if (lengths.length <= 1) return [value];
  const groups = lengths.length <= maxParts ? lengths.map((length) => [length]) : grouped(lengths);
  const sizes = groups.map((group) => group.reduce((sum, length) => sum + length, 0));
  const parts = g.split('Split', [value, g.integers(sizes)], groups.length, { axis: { int: axis } });
  return groups.flatMap((group, index) => splitParts(g, parts[index] ?? '', group, axis));
}

/** Inverse of `splitParts`. */
export function joinParts(g: GraphBuilder, values: readonly Value[], axis: number): Value {
  const [first = ''] = values;
  if (values.length <= 1) return first;
  const parts =
    values.length <= maxParts ? values : grouped(values).map((group) => joinParts(g, group, axis));
  return g.node('Concat', parts, { axis: { int: axis } });
}

/** At most `maxParts` sublists of nearly equal length. */
function grouped<T>(list: readonly T[]): T[][] {
  const length = Math.ceil(list.length / maxParts);
  return Array.from({ length: Math.ceil(list.length / length) }, (_, index) =>
    list.slice(index * length, (index + 1) * length),
  );
}
