import * as v from 'valibot';
import { ModelError } from '../base/index.ts';
import { backendChoiceSchema } from '../protocol/index.ts';
import type { BackendChoice, ModelLocation, ModelOrigin } from '../protocol/index.ts';
import { originFrom, originWords } from './wanted.ts';

/** The model and backend to load, as named by the URL's parameters: `?model=URL&gpu=off`. */
export interface RequestedModel {
  readonly model: ModelLocation;
  readonly backend: BackendChoice;
}

/** URL of the built-in model's manifest, relative to the page. */
const builtIn = 'models/builtin/model.json';

/**
 * Backends by the value of `?gpu=`: `off` uses the CPU, `float32` no float16, `software` accepts WebGPU adapters that
 * compute on the CPU. `?backend=`, which names a backend directly, is supported for old links.
 */
const backends: ReadonlyMap<string | null, BackendChoice> = new Map([
  ['off', 'cpu'],
  ['float32', 'float32'],
  ['software', 'software'],
]);
const namedBackendSchema = v.fallback(backendChoiceSchema, 'auto');
const protocols = ['http:', 'https:', 'blob:'];

/**
 * Parses model and backend from the page's URL. A relative `?model=` is resolved against the page. Without it, the
 * result is the chosen model, or the built-in one.
 *
 * @param address absolute URL of the page
 * @param chosen id of a model on this device; null for the built-in model
 * @throws ModelError `model-address` if `?model=` is not a URL that a page can fetch
 */
export function readRequestedModel(address: string, chosen: string | null = null): RequestedModel {
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
    remedy: 'Correct the part after ?model= in the address bar, or remove it to use the built-in model.',
    details: { address: asked },
  });
}

/** The built-in model, which is served with the page at a URL. */
export function builtInModel(address: string): ModelLocation {
  return { kind: 'url', url: new URL(builtIn, address).href };
}

/** Value of `?installed=` for the recommended model. */
const fullModel = 'full';

/**
 * Parses `?installed=`, which names a model to use if it is on this device, and to offer otherwise: a repository
 * `owner/name`, the URL of a manifest, or `full`. Null if it is missing, or if there is `?model=`, which has priority.
 *
 * @throws ModelError `model-address` if it does not name a model
 */
export function readOrigin(address: string): ModelOrigin | null {
  const parameters = new URL(address).searchParams;
  const asked = parameters.get('installed');
  if (asked === null || parameters.has('model')) return null;
  const origin = asked === fullModel ? ({ kind: 'full' } as const) : originFrom(asked);
  if (origin) return origin;
  throw new ModelError('model-address', `“${asked}” is not the name of a model.`, {
    remedy:
      'The part after ?installed= in the address bar must be a hub id such as “owner/name”, or the address of a manifest.',
    details: { address: asked },
  });
}

/** Returns the page's URL with `?installed=` for another model, or with null without the name of a model. */
export function withOrigin(address: string, origin: ModelOrigin | null): string {
  const link = new URL(address);
  // Any change of `searchParams` reserialises the whole query, so it is not changed without need.
  for (const key of ['model', 'installed']) if (link.searchParams.has(key)) link.searchParams.delete(key);
  if (origin) link.searchParams.set('installed', originWords(origin) || fullModel);
  return link.href;
}

/**
 * Parses `?hub=URL`: another model hub than the default, for mirrors and tests. Null if it is missing or not http(s).
 */
export function readHub(address: string): string | null {
  const asked = new URL(address).searchParams.get('hub') ?? '';
  const url = URL.canParse(asked) ? new URL(asked) : null;
  if (!url || !['http:', 'https:'].includes(url.protocol)) return null;
  // File names are resolved against it, so its path must end in a slash.
  return url.href.endsWith('/') ? url.href : `${url.href}/`;
}
