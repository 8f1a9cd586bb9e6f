import { frameSize } from './animation.ts';
import type { EncodeControl, FrameSource, MediaFile } from './animation.ts';
import { ofOneSize } from './export/index.ts';
import { writeToSink } from './output-sink.ts';
import { encodeVideo } from './video.ts';

/**
 * Encodes the file of “Download MP4”: H.264 (yuv420p, index first) with the browser's encoder, or with ffmpeg if it has
 * none. The Export dialog, which has options, uses `export/video.ts`. The result's `encoder` is `webcodecs` or `ffmpeg`. Frames of other sizes than the first are scaled to fit, with bars.
 *
 * @throws MediaError like `encodeVideo`; what `source` throws; the signal's reason if aborted
 */
export async function encodeMp4(
  source: FrameSource,
  { frameRate }: { readonly frameRate: number },
  { signal, onProgress, createOutput }: EncodeControl,
): Promise<MediaFile> {
  signal.throwIfAborted();
  const frames = ofOneSize(source);
  const of = frames.sizes.length;
  const video = {
    ...frameSize(frames),
    frameRate,
    repeats: new Array<number>(of).fill(1),
    picture: (index: number) => frames.picture(index),
  };
  const options = { codec: 'avc', quality: 1, comment: null, withFfmpeg: false } as const;
  const { file, result } = await writeToSink(createOutput, 'video/mp4', (sink) =>
    encodeVideo(video, options, sink, {
      signal,
      createOutput,
      onPicture(done) {
        onProgress({ done, of });
      },
    }),
  );
  return { file, encoder: result };
}
