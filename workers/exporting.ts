/** Writes what the Export dialog asks for: picks the encoder, keeps a limit in bytes by measuring, and fills the target. */
import { MediaError, abortable } from '../src/base/index.ts';
import type { CreateOutput, OutputFile } from '../src/formats/index.ts';
import { encoders, feedOf, mimeTypes } from '../src/media/index.ts';
import type { FrameSource, Sink } from '../src/media/index.ts';
import {
  exportOptionsSchema,
  fullEffort,
  isStill,
  nextEffort,
  placementOf,
  shotsOf,
  thinned,
} from '../src/project/index.ts';
import type { Effort, ExportOptions } from '../src/project/index.ts';
import { parseMessage } from '../src/protocol/index.ts';
import type { Event, Params, Result, mediaApi } from '../src/protocol/index.ts';

type ExportMethod = (typeof mediaApi)['export'];
type Asked = Omit<Params<ExportMethod>, 'source' | 'frames'>;
type Request = Asked & { readonly options: ExportOptions };
export interface ExportWatch {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Event<ExportMethod>) => void;
  readonly createOutput: CreateOutput;
}

/** A sink that fills a file of Drift's own. */
class OutputSink implements Sink {
  readonly #create: CreateOutput;
  #output: OutputFile | null = null;

  constructor(create: CreateOutput) {
    this.#create = create;
  }
  restart(): Promise<void> {
    return this.discard();
  }
  async write(bytes: Uint8Array<ArrayBuffer>, position: number): Promise<void> {
    this.#output ??= await this.#create();
    this.#output.write(bytes, position);
  }
  async finish(type: string): Promise<Blob> {
    return (await this.#output?.finish(type)) ?? new Blob([], { type });
  }
  async discard(): Promise<void> {
    await this.#output?.discard();
    this.#output = null;
  }
}

/**
 * @throws MediaError `no-frames`, `frames-differ`, `limit-too-low` where the file cannot be made small enough, and the
 *   errors of the encoders; the signal's reason when it is aborted
 */
export async function exportAnimation(
  source: FrameSource,
  asked: Asked,
  watch: ExportWatch,
): Promise<Result<ExportMethod>> {
  const options = parseMessage(exportOptionsSchema, 'what is to be exported', asked.options);
  const request: Request = { ...asked, options };
  const { target } = request;
  const { limit } = options;
  if (request.first !== null) return measure(source, request, watch);
  if (target === null || limit !== null) {
    const written = await writeWithin(source, request, watch);
    if (target === null) return written;
    const { file, ...rest } = written;
    await fill(target, (writable) => writable.write(file ?? new Blob()), watch.signal);
    return { ...rest, file: null };
  }
  let bytes = 0;
  const outcome = await fill(
    target,
    (writable) => {
      const sink: Sink = {
        async restart() {
          bytes = 0;
          await writable.truncate(0);
        },
        async write(data, position) {
          bytes = Math.max(bytes, position + data.length);
          await writable.write({ type: 'write', position, data });
        },
      };
      return encode(source, request, fullEffort, sink, watch, 1);
    },
    watch.signal,
  );
  return { file: null, bytes, ...outcome };
}

/** Encodes without keeping anything, for the length alone. */
async function measure(
  source: FrameSource,
  request: Request,
  watch: ExportWatch,
): Promise<Result<ExportMethod>> {
  let bytes = 0;
  const sink: Sink = {
    restart() {
      bytes = 0;
      return Promise.resolve();
    },
    write(data, position) {
      bytes = Math.max(bytes, position + data.length);
      return Promise.resolve();
    },
  };
  const outcome = await encode(source, request, fullEffort, sink, watch, 1);
  return { file: null, bytes, ...outcome };
}

/** Writes to a file that the user chose. What it held is replaced only once all of it is written. */
async function fill<T>(
  target: FileSystemFileHandle,
  work: (writable: FileSystemWritableFileStream) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const writable = await abortable(target.createWritable(), signal);
  try {
    const result = await work(writable);
    signal.throwIfAborted();
    await writable.close();
    return result;
  } catch (error) {
    await writable.abort().catch(() => undefined);
    await removeEmpty(target).catch(() => undefined);
    throw error;
  }
}

/** Removes a file that the save picker made for nothing, where the browser can (Chromium). */
async function removeEmpty(target: FileSystemFileHandle): Promise<void> {
  const remove: unknown = Reflect.get(target, 'remove');
  if (typeof remove !== 'function' || (await target.getFile()).size > 0) return;
  await Reflect.apply(remove, target, []);
}

/** Writes the file into Blobs, again and again with less where it comes out larger than the limit. */
async function writeWithin(
  source: FrameSource,
  request: Request,
  watch: ExportWatch,
): Promise<Result<ExportMethod>> {
  const { format, limit, fixedSize } = request.options;
  let smallest = Infinity;
  let effort: Effort | null = fullEffort;
  for (let attempt = 1; effort; attempt++) {
    const sink = new OutputSink(watch.createOutput);
    let bytes: number;
    try {
      const outcome = await encode(source, request, effort, sink, watch, attempt);
      const file = await sink.finish(format === 'drift' ? '' : mimeTypes[format]);
      bytes = file.size;
      if (limit === null || bytes <= limit) return { file, bytes, ...outcome };
    } catch (error) {
      await sink.discard();
      throw error;
    }
    await sink.discard();
    smallest = Math.min(smallest, bytes);
    effort = nextEffort(effort, { format, fixedSize, bytes, limit });
  }
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`;
  throw new MediaError(
    'limit-too-low',
    `The file cannot be made smaller than ${megabytes(smallest)}, and the limit is ${megabytes(limit ?? 0)}.`,
    {
      remedy: 'Export fewer frames, choose another format, or lift the limit.',
      details: { smallest, limit, format },
    },
  );
}

async function encode(
  source: FrameSource,
  { options, note, document, first }: Request,
  effort: Effort,
  sink: Sink,
  { signal, onProgress, createOutput }: ExportWatch,
  attempt: number,
): Promise<{ readonly encoder: string; readonly width: number; readonly height: number }> {
  const { format, resampling, frameRate, loop, dither } = options;
  if (format === 'drift') throw new RangeError('projects are written by the projects worker');
  const placement = placementOf(sizeOf(source, options), {
    ...options,
    scale: options.scale * effort.shrink,
  });
  const all = thinned(shotsOf(source.sizes.length, shown(options)), effort.every);
  const feed = feedOf(source, first === null ? all : all.slice(0, first), { placement, resampling });
  const encoder = await encoders[format](
    feed,
    sink,
    { frameRate, loop, dither, quality: effort.quality, note, document },
    {
      signal,
      createOutput,
      onProgress(progress) {
        onProgress({ ...progress, attempt });
      },
    },
  );
  return { encoder, width: placement.width, height: placement.height };
}

/** An archive holds every picture once, however the animation runs. */
function shown(options: ExportOptions): ExportOptions {
  return isStill(options.format) ? { ...options, thereAndBack: false } : options;
}

/** The size that the file's is reckoned from; where frames differ, the others are stretched to that of the first. */
function sizeOf({ sizes }: FrameSource, { format }: ExportOptions): { width: number; height: number } {
  const [first] = sizes;
  if (!first) {
    throw new MediaError('no-frames', 'There are no frames to write.', {
      remedy: 'Make some frames first.',
      details: { format },
    });
  }
  return first;
}
