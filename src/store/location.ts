import * as v from 'valibot';
import { ModelError } from '../base/index.ts';

export type Backend = 'auto' | 'webgpu' | 'cpu';

/** Which model the page's address asks for, and on which device: `?model=URL&backend=cpu`. */
export interface Wish {
  /** Absolute URL of the manifest. */
  readonly url: string;
  readonly backend: Backend;
}

const backendSchema = v.fallback(v.picklist(['auto', 'webgpu', 'cpu']), 'auto');
const protocols = ['http:', 'https:', 'blob:'];

/**
 * Reads the page's address. A relative model address counts from the page; without one, the model that is
 * served with the page is meant.
 *
 * @throws ModelError `model-address` when what stands in `?model=` is not an address that a page may fetch from.
 */
export function readWish(search: string, base: string): Wish {
  const parameters = new URLSearchParams(search);
  const asked = parameters.get('model') ?? 'models/builtin/model.json';
  const backend = v.parse(backendSchema, parameters.get('backend') ?? 'auto');
  const url = URL.canParse(asked, base) ? new URL(asked, base) : null;
  if (url && protocols.includes(url.protocol)) return { url: url.href, backend };
  throw new ModelError('model-address', `The model's address “${asked}” cannot be used.`, {
    remedy:
      'Correct what stands after ?model= in the address bar, or take it away to use the built-in model.',
    details: { address: asked },
  });
}
