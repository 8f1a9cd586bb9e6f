import type { Graph } from './proto.ts';
import type { PlannedValue } from './shapes.ts';

/** Operators whose output shares its input's memory. */
const views = ['Reshape', 'Identity'];

/**
 * Peak memory in bytes of a graph's intermediate values, each live from the node that computes it to its last use.
 * Excludes weights and inputs of the graph.
 *
 * @param values The nodes' outputs: see `plannedValues`.
 */
export function peakBytes(
  { nodes, outputs }: Pick<Graph, 'nodes' | 'outputs'>,
  values: ReadonlyMap<string, PlannedValue>,
): number {
  /** The value whose memory each value shares. */
  const owners = new Map<string, string>();
  const ownerOf = (name: string) => owners.get(name) ?? name;
  for (const { operator, inputs, outputs: given } of nodes) {
    for (const name of given) owners.set(name, views.includes(operator) ? ownerOf(inputs[0] ?? '') : name);
  }
  const lastRead = new Map<string, number>();
  for (const [index, { inputs }] of nodes.entries()) {
    for (const name of inputs) lastRead.set(ownerOf(name), index);
  }
  for (const { name } of outputs) lastRead.set(ownerOf(name), nodes.length);

  const there = new Map<string, number>();
  let now = 0;
  let most = 0;
  for (const [index, { inputs, outputs: given }] of nodes.entries()) {
    for (const name of given) {
      if (ownerOf(name) !== name) continue;
      const bytes = values.get(name)?.bytes ?? 0;
      there.set(name, bytes);
      now += bytes;
    }
    most = Math.max(most, now);
    for (const name of new Set([...inputs, ...given].map(ownerOf))) {
      if ((lastRead.get(name) ?? index) > index) continue;
      now -= there.get(name) ?? 0;
      there.delete(name);
    }
  }
  return most;
}
