import * as v from 'valibot';
import { ModelError } from '../base/index.ts';
import type { ModelPlace } from '../protocol/index.ts';

export type Backend = 'auto' | 'webgpu' | 'cpu';

/** Which model is wished for, and on which device: `?model=URL&backend=cpu`. */
export interface Wish {
  readonly model: ModelPlace;
  readonly backend: Backend;
}

/** The manifest of the model that is served with the page, as seen from there. */
const builtIn = 'models/builtin/model.json';

const backendSchema = v.fallback(v.picklist(['auto', 'webgpu', 'cpu']), 'auto');
const protocols = ['http:', 'https:', 'blob:'];

/**
 * Reads the page's address. A relative model address counts from the page; without one, the model that was chosen is
 * meant, or that which is served with the page.
 *
 * @param address - of the page, absolute
 * @param chosen - the id of a model on this device; null for the one that is served with the page
 * @throws ModelError `model-address` when what stands in `?model=` is not an address that a page may fetch from.
 */
export function readWish(address: string, chosen: string | null = null): Wish {
  const parameters = new URL(address).searchParams;
  const asked = parameters.get('model');
  const backend = v.parse(backendSchema, parameters.get('backend') ?? 'auto');
  if (asked === null) {
    if (chosen !== null) return { model: { kind: 'installed', id: chosen }, backend };
    return { model: builtInModel(address), backend };
  }
  const url = URL.canParse(asked, address) ? new URL(asked, address) : null;
  if (url && protocols.includes(url.protocol)) return { model: { kind: 'url', url: url.href }, backend };
  throw new ModelError('model-address', `The model's address “${asked}” cannot be used.`, {
    remedy:
      'Correct what stands after ?model= in the address bar, or take it away to use the built-in model.',
    details: { address: asked },
  });
}

/** The model that is served with the page at an address. */
export function builtInModel(address: string): ModelPlace {
  return { kind: 'url', url: new URL(builtIn, address).href };
}

/**
 * The hub that models are fetched from, where the page's address names another than the usual one: `?hub=URL`, for
 * mirrors and tests.
 */
export function readHub(address: string): string | null {
  const asked = new URL(address).searchParams.get('hub') ?? '';
  const url = URL.canParse(asked) ? new URL(asked) : null;
  if (!url || !['http:', 'https:'].includes(url.protocol)) return null;
  // Names of files are relative to it.
  return url.href.endsWith('/') ? url.href : `${url.href}/`;
}
