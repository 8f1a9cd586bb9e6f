import { InputError, abortable } from '../base/index.ts';
import { isAnimatedPicture } from '../formats/index.ts';
import { isVideo, openVideo, fileBytes } from './containers.ts';
import { pictureType } from './decode.ts';
import type { Orientation } from './orientation.ts';

/** A decoded frame of an animation or a video. */
export interface MovingFrame {
  /** Its receiver closes it. */
  readonly frame: VideoFrame;
  /** How it has to be turned. */
  readonly orientation: Orientation;
  /** How long it is shown. */
  readonly seconds: number;
}

/** An animated picture or a video, opened to read its frames one at a time. */
export interface MovingPicture {
  /** Number of frames; a damaged file may have fewer. */
  readonly count: number;
  /** The frames in the order in which they are shown. @throws what the browser's decoder throws */
  readonly frames: () => AsyncGenerator<MovingFrame, void, undefined>;
  readonly close: () => void;
}

/** Longest animated picture in bytes: its file is decoded from memory. */
const longestFile = 2 ** 29;

/**
 * Whether a file is a video or an animated picture; false also if it cannot be read.
 *
 * @throws the signal's reason if aborted
 */
export async function isMoving(file: Blob, signal: AbortSignal): Promise<boolean> {
  try {
    return (await isVideo(file)) || (await isAnimatedPicture(fileBytes(file), signal));
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/**
 * Opens an animated picture with the browser's decoder, or a video.
 *
 * @throws InputError `no-frame-decoder` if the browser has no decoder for it, `animation-too-large`, `video-damaged` or
 *   `picture-damaged`, and those of `sniffPicture`; the signal's reason if aborted
 */
export async function openMoving(file: Blob, signal: AbortSignal): Promise<MovingPicture> {
  return (await isVideo(file)) ? openTrack(file, signal) : openAnimatedPicture(file, signal);
}

function noDecoder(what: string, details: Readonly<Record<string, string>>): InputError {
  return new InputError('no-frame-decoder', `Your browser cannot read the frames of ${what}.`, {
    remedy:
      'Use a recent Chrome, Edge or Firefox, or save its frames as pictures with another program, and drop these here.',
    details,
  });
}

async function openAnimatedPicture(file: Blob, signal: AbortSignal): Promise<MovingPicture> {
  const type = await pictureType(file, signal);
  const details = { type };
  if (typeof ImageDecoder === 'undefined' || !(await ImageDecoder.isTypeSupported(type))) {
    throw noDecoder('an animated picture', details);
  }
  if (file.size > longestFile) {
    throw new InputError('animation-too-large', 'The animation is too large to read its frames.', {
      remedy: 'Make it shorter or smaller in another program first, or save its frames as pictures.',
      details: { bytes: file.size, limit: longestFile },
    });
  }
  const decoder = new ImageDecoder({ type, data: await file.arrayBuffer() });
  try {
    await abortable(Promise.all([decoder.tracks.ready, decoder.completed]), signal);
  } catch (cause) {
    decoder.close();
    signal.throwIfAborted();
    throw new InputError('picture-damaged', 'The animation is damaged: your browser cannot read it.', {
      remedy: 'Download or copy it again.',
      details,
      cause,
    });
  }
  const count = decoder.tracks.selectedTrack?.frameCount ?? 0;
  return {
    count,
    async *frames() {
      for (let frameIndex = 0; frameIndex < count; frameIndex++) {
        const { image } = await abortable(decoder.decode({ frameIndex }), signal);
        yield { frame: image, orientation: 1, seconds: (image.duration ?? 0) / 1e6 };
      }
    },
    close: () => {
      decoder.close();
    },
  };
}

/** EXIF orientations for a video's clockwise rotation in degrees. */
const turns = { 0: 1, 90: 6, 180: 3, 270: 8 } as const;

function damagedVideo(what: string, cause?: unknown): InputError {
  return new InputError('video-damaged', `The video is damaged: ${what}.`, {
    remedy: 'Download or copy it again, or choose another one.',
    cause,
  });
}

async function openTrack(file: Blob, signal: AbortSignal): Promise<MovingPicture> {
  const { VideoSampleSink } = await abortable(import('mediabunny'), signal);
  const input = await openVideo(file, signal);
  try {
    const track = await abortable(input.getPrimaryVideoTrack(), signal);
    if (!track) throw damagedVideo('it has no picture');
    if (!(await abortable(track.canDecode(), signal))) {
      const codec = (await track.getCodec()) ?? 'unknown';
      throw noDecoder('this video', { codec });
    }
    const { packetCount } = await abortable(track.computePacketStats(), signal);
    const sink = new VideoSampleSink(track);
    return {
      count: packetCount,
      async *frames() {
        for await (const sample of sink.samples()) {
          signal.throwIfAborted();
          const { duration: seconds, rotation } = sample;
          const frame = sample.toVideoFrame();
          sample.close();
          yield { frame, orientation: turns[rotation], seconds };
        }
      },
      close: () => {
        input.dispose();
      },
    };
  } catch (error) {
    input.dispose();
    signal.throwIfAborted();
    throw error instanceof InputError ? error : damagedVideo('your browser cannot read it', error);
  }
}
