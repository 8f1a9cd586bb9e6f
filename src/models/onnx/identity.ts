import type { OnnxModel } from '../../runtime/index.ts';
import { encodeModel } from './proto.ts';

/** The smallest network: returns its one number. */
export function identityModel(): OnnxModel {
  const graph = encodeModel({
    name: 'identity',
    nodes: [
      { operator: 'Identity', domain: '', name: 'same', inputs: ['x'], outputs: ['y'], attributes: [] },
    ],
    initializers: [],
    inputs: [{ name: 'x', type: 'float32', dims: [1] }],
    outputs: [{ name: 'y', type: 'float32', dims: [1] }],
  });
  return { graph, weights: [] };
}
