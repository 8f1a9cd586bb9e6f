/** Reads exported files with independent programs: ffmpeg, ffprobe, exiftool, webpinfo and webpmux. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { test } from '@playwright/test';
import * as v from 'valibot';
import { findCommand } from '../../rig/process.ts';

/** Skips the remaining tests of a file or group if one of the programs is not installed. */
export function needsReaders(): void {
  const missing = ['ffmpeg', 'ffprobe', 'exiftool', 'webpinfo', 'webpmux', 'dwebp'].filter(
    (command) => findCommand(command) === null,
  );
  test.skip(
    missing.length > 0,
    `${missing.join(', ')} not installed: no other program reads the files back.`,
  );
}

const run = promisify(execFile);

const probeSchema = v.object({
  streams: v.tuple([
    v.object({
      codec_name: v.string(),
      width: v.number(),
      height: v.number(),
      pix_fmt: v.string(),
      avg_frame_rate: v.string(),
      color_range: v.optional(v.string()),
      color_space: v.optional(v.string()),
    }),
  ]),
  // ffprobe reports no duration for APNG.
  format: v.object({ duration: v.optional(v.pipe(v.string(), v.transform(Number)), 'NaN') }),
  packets: v.array(
    v.object({
      pts_time: v.pipe(v.string(), v.transform(Number)),
      duration_time: v.pipe(v.string(), v.transform(Number)),
    }),
  ),
});

export interface ReadBack {
  readonly stream: v.InferOutput<typeof probeSchema>['streams'][0];
  /** Frames per second. */
  readonly frameRate: number;
  /** Seconds. */
  readonly duration: number;
  /** Presentation time and duration of each frame, in seconds, in presentation order. */
  readonly times: readonly { readonly pts_time: number; readonly duration_time: number }[];
  /** Frames as RGB, 3 bytes per pixel. */
  readonly frames: readonly Buffer[];
  /** Warnings of ffmpeg and ffprobe; empty for a valid file. */
  readonly warnings: string;
}

/** Decodes an animation with ffmpeg, and reads its stream properties with ffprobe. */
export async function readBack(bytes: Uint8Array, extension: string): Promise<ReadBack> {
  const folder = await mkdtemp(path.join(tmpdir(), 'drift-look-'));
  try {
    const file = path.join(folder, `animation.${extension}`);
    await writeFile(file, bytes);
    const entries = ['-show_streams', '-show_format', '-show_packets', '-of', 'json'];
    const probe = await run('ffprobe', ['-v', 'warning', ...entries, file]);
    const { streams, format, packets } = v.parse(probeSchema, JSON.parse(probe.stdout));
    const [stream] = streams;
    const raw = await run(
      'ffmpeg',
      ['-v', 'warning', '-i', file, '-fps_mode', 'passthrough', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'],
      { encoding: 'buffer', maxBuffer: 2 ** 30 },
    );
    const size = 3 * stream.width * stream.height;
    const [frames = NaN, seconds = NaN] = stream.avg_frame_rate.split('/').map(Number);
    return {
      stream,
      frameRate: frames / seconds,
      duration: format.duration,
      times: packets.toSorted((a, b) => a.pts_time - b.pts_time),
      frames: Array.from({ length: raw.stdout.length / size }, (_, i) =>
        raw.stdout.subarray(i * size, (i + 1) * size),
      ),
      warnings: probe.stderr + raw.stderr.toString(),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function withFile<T>(
  bytes: Uint8Array,
  extension: string,
  use: (file: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'drift-look-'));
  try {
    const file = path.join(folder, `file.${extension}`);
    await writeFile(file, bytes);
    return await use(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** All tags that exiftool finds, one per line. */
export function metadataOf(bytes: Uint8Array, extension: string): Promise<string> {
  return withFile(bytes, extension, async (file) => (await run('exiftool', ['-s', file])).stdout);
}

/** Report of webpinfo on an animated WebP, followed by that of webpmux, which has the loop count. */
export function webpOf(bytes: Uint8Array): Promise<{ readonly info: string }> {
  return withFile(bytes, 'webp', async (file) => {
    const [info, mux] = await Promise.all([
      run('webpinfo', ['-diag', file]),
      run('webpmux', ['-info', file]),
    ]);
    return { info: `${info.stdout}${info.stderr}${mux.stdout}` };
  });
}

/** Frames of an animated WebP as RGB, 3 bytes per pixel, decoded by dwebp. Each frame must be a whole picture. */
export function webpFrames(bytes: Uint8Array, count: number): Promise<Buffer[]> {
  return withFile(bytes, 'webp', async (file) => {
    const frames: Buffer[] = [];
    for (let number = 1; number <= count; number++) {
      await run('webpmux', ['-get', 'frame', String(number), file, '-o', `${file}.still`]);
      const { stdout } = await run('dwebp', [`${file}.still`, '-ppm', '-quiet', '-o', '-'], {
        encoding: 'buffer',
        maxBuffer: 2 ** 30,
      });
      // The header has three lines: kind, size, largest value.
      const [header = ''] = /^P6\n\d+ \d+\n255\n/.exec(stdout.toString('latin1', 0, 64)) ?? [];
      frames.push(stdout.subarray(header.length));
    }
    return frames;
  });
}
