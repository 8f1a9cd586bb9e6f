import * as v from 'valibot';

/** Message of the page to its service worker. */
export const serviceMessageSchema = v.variant('kind', [
  /** Replaces the running version. */
  v.object({ kind: v.literal('activate') }),
  /** Stores the built-in model and further files, by absolute URL, for use without a network. */
  v.object({ kind: v.literal('keep'), used: v.pipe(v.array(v.string()), v.readonly()) }),
]);
export type ServiceMessage = v.InferOutput<typeof serviceMessageSchema>;

/**
 * Name of the cache of files received from the system's share sheet (Web Share Target), until the page imports them. Keys
 * are URLs that end in the encoded file name.
 */
export const sharedFilesCache = 'drift-shared-files';
