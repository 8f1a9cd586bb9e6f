import { ModelError } from '../base/index.ts';
import type { Port, Session } from '../runtime/index.ts';
import type { ModelShape } from './networks.ts';

/**
 * Checks that a network is a CLIP image tower that fits the model. Returns its input and output.
 *
 * @throws ModelError `port-missing`, `image-size` or `embedding-width`
 */
export function checkImageEncoder(
  session: Session,
  { clipSize, embeddingWidth }: Pick<ModelShape, 'clipSize' | 'embeddingWidth'>,
): { input: Port; output: Port } {
  const input = portOf(session, 'inputs', 'pixel_values');
  const output = portOf(session, 'outputs', 'image_embeds');
  const side = input.dims.at(-1) ?? null;
  if (side !== null && side !== clipSize) {
    throw new ModelError(
      'image-size',
      `The image encoder of this model reads pictures of ${side} pixels, but its manifest says ${clipSize}.`,
      {
        remedy: `Set the size of the image encoder to ${side} in the model's manifest.`,
        details: { found: side, expected: clipSize },
      },
    );
  }
  checkWidth('image encoder', output.dims.at(-1) ?? null, embeddingWidth);
  return { input, output };
}

/** Finds an input or output by its usual name. @throws ModelError `port-missing` */
function portOf(session: Session, side: 'inputs' | 'outputs', name: string): Port {
  const found = session[side].find((candidate) => candidate.name === name);
  if (found) return found;
  const names = (ports: readonly Port[]) => ports.map((candidate) => candidate.name).join(', ');
  throw new ModelError('port-missing', `A network of this model has no "${name}".`, {
    remedy:
      'The image encoder must be a CLIP vision model with projection, exported to ONNX with its usual names.',
    details: { name, inputs: names(session.inputs), outputs: names(session.outputs) },
  });
}

/**
 * Checks the length of embeddings: pictures and prompts are compared with each other, and the UNet takes them as input.
 *
 * @param found Null if the length is not known before the network has run.
 * @throws ModelError `embedding-width`
 */
export function checkWidth(network: string, found: number | null, expected: number): void {
  if (found === null || found === expected) return;
  throw new ModelError(
    'embedding-width',
    `The ${network} of this model gives embeddings of ${found} numbers, but its UNet takes ${expected}.`,
    {
      remedy:
        'They do not belong together: the model needs the CLIP model that its UNet was trained with, both towers of it.',
      details: { network, found, expected },
    },
  );
}
