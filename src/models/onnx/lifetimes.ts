import type { Graph } from './proto.ts';
import type { PlannedValue } from './shapes.ts';

/** Operators whose output is their input under other dims: it takes no memory of its own. */
const views = ['Reshape', 'Identity'];

/**
 * The most bytes that the values between a graph's nodes take at one time, each being there from the node that gives it
 * to the last one that reads it. Weights and the graph's inputs are not among them.
 *
 * @param values - what the nodes give: see `plannedValues`
 */
export function peakBytes(
  { nodes, outputs }: Pick<Graph, 'nodes' | 'outputs'>,
  values: ReadonlyMap<string, PlannedValue>,
): number {
  /** Whose memory a value lies in. */
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
