import * as v from 'valibot';
import { ModelError } from '../base/index.ts';
import { backendChoiceSchema } from '../protocol/index.ts';
import type { BackendChoice, ModelOrigin, ModelPlace } from '../protocol/index.ts';
import { originFrom, originWords } from './wanted.ts';

/** Which model is wished for, and on which device: `?model=URL&gpu=off`. */
export interface Wish {
  readonly model: ModelPlace;
  readonly backend: BackendChoice;
}

/** The manifest of the model that is served with the page, as seen from there. */
const builtIn = 'models/builtin/model.json';

/**
 * What `?gpu=` says: `off` computes on the processor, `float32` without float16, `software` also with a GPU that computes
 * on the processor. `?backend=` names a backend itself, and is kept for links that were made earlier.
 */
const backends: ReadonlyMap<string | null, BackendChoice> = new Map([
  ['off', 'cpu'],
  ['float32', 'float32'],
  ['software', 'software'],
]);
const namedBackendSchema = v.fallback(backendChoiceSchema, 'auto');
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
  const backend =
    backends.get(parameters.get('gpu')) ?? v.parse(namedBackendSchema, parameters.get('backend'));
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

/** How the recommended model is called in an address. */
const fullModel = 'full';

/**
 * The model that a page is to be opened with if it is on the device, and that is to be offered if it is not:
 * `?installed=owner/name`, `?installed=URL` of a manifest, or `?installed=full`. Null where none is named, or where
 * `?model=` names another.
 *
 * @throws ModelError `model-address` when what stands there is no name of a model
 */
export function readOrigin(address: string): ModelOrigin | null {
  const parameters = new URL(address).searchParams;
  const asked = parameters.get('installed');
  if (asked === null || parameters.has('model')) return null;
  const origin = asked === fullModel ? ({ kind: 'full' } as const) : originFrom(asked);
  if (origin) return origin;
  throw new ModelError('model-address', `“${asked}” is not the name of a model.`, {
    remedy:
      'What stands after ?installed= in the address bar looks like “owner/name”, or is the address of a manifest.',
    details: { address: asked },
  });
}

/** The address of the page with another model: one that others can get, or with null none that is named. */
export function withOrigin(address: string, origin: ModelOrigin | null): string {
  const link = new URL(address);
  // Changing anything writes all of it anew, which looks different.
  for (const key of ['model', 'installed']) if (link.searchParams.has(key)) link.searchParams.delete(key);
  if (origin) link.searchParams.set('installed', originWords(origin) || fullModel);
  return link.href;
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
