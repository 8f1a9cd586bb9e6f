import { abortable } from '../../base/index.ts';
import { retimedGif, shortestGifDelay } from '../../formats/index.ts';
import { asciiJson } from './note.ts';
import { wholeDurations } from '../durations.ts';
import type { Encode } from './types.ts';

/** Any rate that GIF represents exactly will do: delays are replaced afterwards. */
const frameRate = 10;

/**
 * GIF encoder by ffmpeg's palettegen and paletteuse: best palette and error diffusion, for 32 MB of WebAssembly. Delays
 * and the comment are added afterwards, because raw video has no timestamps.
 */
export const encodeGifBest: Encode = async (
  feed,
  sink,
  { loop, dither, note },
  { signal, createOutput, onProgress },
) => {
  const { width, height, count } = feed;
  const { encodeWithFfmpeg } = await abortable(import('../ffmpeg.ts'), signal);
  const diffusion = dither ? 'sierra2_4a' : 'none';
  const delays = wholeDurations(feed.seconds, 0.01, shortestGifDelay);
  const comment = note === null ? null : asciiJson(note);
  await encodeWithFfmpeg(
    {
      format: 'GIF',
      width,
      height,
      frameRate,
      shown: feed.seconds.map((_, index) => index),
      picture: (index) => feed.picture(index),
      passes: [
        ['-vf', 'palettegen=stats_mode=full', 'palette.png'],
        [
          ...['-i', 'palette.png', '-lavfi', `paletteuse=dither=${diffusion}:diff_mode=rectangle`],
          ...['-fps_mode', 'passthrough', '-loop', loop ? '0' : '-1', 'out.gif'],
        ],
      ],
      outputs: ['out.gif'],
      take: (gif) => sink.write(retimedGif(gif, { delays, comment }), 0),
    },
    {
      signal,
      createOutput,
      onShare(share) {
        onProgress({ done: Math.floor(share * count), of: count });
      },
    },
  );
  return 'ffmpeg';
};
