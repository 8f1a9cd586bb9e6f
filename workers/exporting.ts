/** Export: chooses the encoder, meets a size limit by measuring, and writes to the target. */
import { MediaError } from '../src/base/index.ts';
import type { CreateOutput, PictureSize } from '../src/formats/index.ts';
import { encoderNeeds, encoders, feedOf, frameSize, mimeTypes, writeToSink } from '../src/media/index.ts';
import type { EncoderNeeds, FrameSource, Sink } from '../src/media/index.ts';
import {
  exportOptionsSchema,
  noReduction,
  nextReduction,
  placementOf,
  shotsOf,
  thinned,
} from '../src/project/index.ts';
import type { Reduction, ExportOptions, PictureReader, PictureRef } from '../src/project/index.ts';
import { parseMessage } from '../src/protocol/index.ts';
import type { Event, Params, Result, mediaApi } from '../src/protocol/index.ts';
import { fillPicked } from './picked-file.ts';

type ExportMethod = (typeof mediaApi)['export'];
type Asked = Omit<Params<ExportMethod>, 'source' | 'frames'>;
type ParsedRequest = Asked & { readonly options: ExportOptions };
export interface ExportWatch {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Event<ExportMethod>) => void;
  readonly createOutput: CreateOutput;
}

/**
 * Encodes a file with the options of the Export dialog, or only estimates its size.
 *
 * @throws MediaError `no-frames`, `limit-too-low` if the limit cannot be met, and the encoders' errors;
 *   the signal's reason if it is aborted
 */
export async function exportAnimation(
  source: FrameSource,
  asked: Asked,
  watch: ExportWatch,
): Promise<Result<ExportMethod>> {
  const options = parseMessage(exportOptionsSchema, 'what is to be exported', asked.options);
  const request: ParsedRequest = { ...asked, options };
  const { target } = request;
  if (request.first !== null) {
    return { file: null, ...(await encode(source, request, noReduction, nowhere, watch, 1)) };
  }
  if (target === null) return writeWithin(source, request, watch);
  if (options.limit !== null) {
    const { file, ...rest } = await writeWithin(source, request, watch);
    await fillPicked(target, (sink) => copy(file ?? new Blob(), sink), watch.signal);
    return { ...rest, file: null };
  }
  const outcome = await fillPicked(
    target,
    (sink) => encode(source, request, noReduction, sink, watch, 1),
    watch.signal,
  );
  return { file: null, ...outcome };
}

/** What a file with these options and this size takes in this browser. */
export function exportNeeds(options: unknown, size: PictureSize, signal: AbortSignal): Promise<EncoderNeeds> {
  const { format, ...rest } = parseMessage(exportOptionsSchema, 'what is to be exported', options);
  return encoderNeeds(format, rest, size, signal);
}

/** Source of frames by id, read on demand. */
export function frameSource(reader: PictureReader, frames: readonly PictureRef[]): FrameSource {
  const at = (index: number) => {
    const frame = frames[index];
    if (!frame) throw new RangeError(`there is no frame ${index}`);
    return frame;
  };
  return {
    sizes: frames,
    picture: async (index) => reader.picture(at(index)),
    png: async (index) => reader.png(at(index)),
  };
}

/** Sink that discards everything, to measure a length. */
const nowhere: Sink = { restart: () => Promise.resolve(), write: () => Promise.resolve() };

async function copy(file: Blob, sink: Sink): Promise<void> {
  const reader = file.stream().getReader();
  let position = 0;
  for (let part = await reader.read(); part.value; part = await reader.read()) {
    await sink.write(part.value, position);
    position += part.value.length;
  }
}

/** Writes to a temporary file, repeatedly with more reduction while it exceeds the limit. */
async function writeWithin(
  source: FrameSource,
  request: ParsedRequest,
  watch: ExportWatch,
): Promise<Result<ExportMethod>> {
  const { format, limit, fixedSize } = request.options;
  const type = format === 'drift' ? '' : mimeTypes[format];
  let smallest = Infinity;
  for (let attempt = 1, reduction: Reduction | null = noReduction; reduction; attempt++) {
    const tried: Reduction = reduction;
    const { file, result, discard } = await writeToSink(watch.createOutput, type, (sink) =>
      encode(source, request, tried, sink, watch, attempt),
    );
    const { bytes } = result;
    if (limit === null || bytes <= limit) return { file, ...result };
    await discard();
    smallest = Math.min(smallest, bytes);
    reduction = nextReduction(tried, { format, fixedSize, bytes, limit });
  }
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`;
  throw new MediaError(
    'limit-too-low',
    `The file cannot be made smaller than ${megabytes(smallest)}, and the limit is ${megabytes(limit ?? 0)}.`,
    {
      remedy: 'Export fewer frames, choose another format, or raise the limit.',
      details: { smallest, limit, format },
    },
  );
}

/** Encodes with a reduction, and counts the bytes. */
async function encode(
  source: FrameSource,
  { options, note, document, first }: ParsedRequest,
  reduction: Reduction,
  sink: Sink,
  { signal, onProgress, createOutput }: ExportWatch,
  attempt: number,
): Promise<Omit<Result<ExportMethod>, 'file'>> {
  const { format, resampling, frameRate, loop, plays, dither, palettes, videoEncoder, webmCodec } = options;
  if (format === 'drift') throw new RangeError('projects are written by the projects worker');
  const placement = placementOf(frameSize(source), {
    ...options,
    scale: options.scale * reduction.shrink,
  });
  const all = thinned(shotsOf(source.sizes.length, options), reduction.every);
  const feed = feedOf(source, first === null ? all : all.slice(0, first), {
    placement,
    resampling,
    fit: options.fit,
  });
  let bytes = 0;
  const counting: Sink = {
    async restart() {
      bytes = 0;
      await sink.restart();
    },
    async write(data, position) {
      bytes = Math.max(bytes, position + data.length);
      await sink.write(data, position);
    },
  };
  const encoder = await encoders[format](
    feed,
    counting,
    {
      frameRate,
      plays: loop ? 0 : plays,
      dither,
      palettes,
      videoEncoder,
      webmCodec,
      quality: reduction.quality,
      note,
      document,
    },
    {
      signal,
      createOutput,
      isEstimate: first !== null,
      onProgress(progress) {
        onProgress({ ...progress, attempt });
      },
    },
  );
  return { bytes, encoder, width: placement.width, height: placement.height };
}
