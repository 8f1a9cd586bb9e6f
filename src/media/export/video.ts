import { abortable } from '../../base/index.ts';
import { wholeDurations } from '../durations.ts';
import { encodeVideo } from '../video.ts';
import { canEncode } from '../webcodecs.ts';
import type { VideoCodec } from '../webcodecs.ts';
import type { Encode } from './types.ts';

/** Creates a video encoder with a constant frame rate: longer durations become repeated frames. */
function videoEncoder(codec: VideoCodec): Encode {
  return async (
    feed,
    sink,
    { frameRate, quality, note, videoEncoder },
    { signal, createOutput, isEstimate = false, onProgress },
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
      isEstimate,
      onPicture(done) {
        onProgress({ done, of: count });
      },
    });
  };
}

export const encodeMp4File = videoEncoder('avc');

const encodeVp9 = videoEncoder('vp9');
const encodeAv1 = videoEncoder('av1');

/** WebM encoder: the wanted codec, or VP9 where the browser cannot encode AV1 of this size. */
export const encodeWebm: Encode = async (feed, sink, options, watch) => {
  const { webmCodec, frameRate, quality } = options;
  const { width, height } = feed;
  const isAv1 =
    webmCodec === 'av1' &&
    (await abortable(canEncode({ width, height, frameRate }, { codec: 'av1', quality }), watch.signal));
  return (isAv1 ? encodeAv1 : encodeVp9)(feed, sink, options, watch);
};
