import * as v from 'valibot';
import { WorkerError, wireErrorSchema } from '../base/index.ts';

/** Schemas of a worker method: parameters, progress events, result. */
export interface Method {
  readonly params: v.GenericSchema;
  readonly event: v.GenericSchema;
  readonly result: v.GenericSchema;
}

/** A worker's methods by name. */
export type Api = Readonly<Record<string, Method>>;

export type Params<M extends Method> = v.InferOutput<M['params']>;
export type Event<M extends Method> = v.InferOutput<M['event']>;
export type Result<M extends Method> = v.InferOutput<M['result']>;

/** Page to worker. */
export const requestSchema = v.variant('kind', [
  v.object({ kind: v.literal('call'), id: v.number(), method: v.string(), params: v.unknown() }),
  v.object({ kind: v.literal('abort'), id: v.number() }),
]);
export type Request = v.InferOutput<typeof requestSchema>;

/**
 * Worker to page. Every call gets exactly one `result` or `error`, after any number of events. `unreadable` reports a
 * message that could not be deserialised, possibly a call, which will get no answer.
 */
export const responseSchema = v.variant('kind', [
  v.object({ kind: v.literal('event'), id: v.number(), event: v.unknown() }),
  v.object({ kind: v.literal('result'), id: v.number(), result: v.unknown() }),
  v.object({ kind: v.literal('error'), id: v.number(), error: wireErrorSchema }),
  v.object({ kind: v.literal('unreadable') }),
]);
export type Response = v.InferOutput<typeof responseSchema>;

/** Schema of a picture in a message; the length of the data must match its size. */
export const pictureSchema = v.pipe(
  v.object({
    width: v.pipe(v.number(), v.integer(), v.minValue(1)),
    height: v.pipe(v.number(), v.integer(), v.minValue(1)),
    data: v.custom<Uint8ClampedArray<ArrayBuffer>>(
      (value) => value instanceof Uint8ClampedArray && value.buffer instanceof ArrayBuffer,
    ),
  }),
  v.check(({ width, height, data }) => data.length === 4 * width * height, 'a picture of 4 bytes a pixel'),
);

/** Error for a message that the browser could not deserialise (`messageerror`), usually for lack of memory. */
export function unreadableMessage(what: string): WorkerError {
  return new WorkerError('message-unreadable', `The browser could not hand over ${what}.`, {
    remedy: 'Your frames are kept. Close other tabs that need much memory, and reload the page.',
    details: { what },
  });
}

/**
 * Validates a message.
 *
 * @param what Description of the expected message.
 * @throws WorkerError `protocol` with the invalid key
 */
export function parseMessage<S extends v.GenericSchema>(
  schema: S,
  what: string,
  message: unknown,
): v.InferOutput<S> {
  const result = v.safeParse(schema, message);
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new WorkerError(
    'protocol',
    `A message between parts of Drift is invalid: ${what} has an unexpected form. ${issue.message}.`,
    {
      remedy: 'Reload the page, so that all its parts are of the same version.',
      details: { what, key: v.getDotPath(issue) ?? '' },
      cause: issue,
    },
  );
}
