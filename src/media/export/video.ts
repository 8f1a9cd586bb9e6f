import { encodeVideo } from '../video.ts';
import type { VideoCodec } from '../webcodecs.ts';
import { wholeDurations } from '../durations.ts';
import type { Encode } from './types.ts';

/** Creates a video encoder with a constant frame rate: longer durations become repeated frames. */
function videoEncoder(codec: VideoCodec): Encode {
  return async (
    feed,
    sink,
    { frameRate, quality, note, videoEncoder },
    { signal, createOutput, onProgress },
  ) => {
    const { width, height, count } = feed;
    const video = {
      width,
      height,
      frameRate,
      repeats: wholeDurations(feed.seconds, 1 / frameRate, 1),
      picture: (index: number) => feed.picture(index),
    };
    const withX264 = codec === 'avc' && videoEncoder === 'x264';
    return encodeVideo(video, { codec, quality, comment: note, withFfmpeg: withX264 }, sink, {
      signal,
      createOutput,
      onPicture(done) {
        onProgress({ done, of: count });
      },
    });
  };
}

export const encodeMp4File = videoEncoder('avc');
export const encodeWebm = videoEncoder('vp9');
