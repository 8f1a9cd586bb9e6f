/** Files by the installed ffmpeg, to compare with; and its measures of likeness. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const palette = 'palettegen=stats_mode=full[p]';
const dithered = 'paletteuse=dither=sierra2_4a:diff_mode=rectangle';
const video =
  '-vf scale=out_color_matrix=bt709:out_range=tv -pix_fmt yuv420p -color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709';

/** Name and arguments of an encoding by ffmpeg, after those of the input. */
export interface FfmpegRow {
  readonly name: string;
  readonly extension: string;
  readonly options: readonly string[];
}

/** What ffmpeg writes in comparison, by format. */
export const ffmpegRows: Readonly<Record<'gif' | 'mp4' | 'webm' | 'av1' | 'webp' | 'apng', FfmpegRow>> = {
  gif: {
    name: 'palettegen, paletteuse',
    extension: 'gif',
    options: ['-filter_complex', `split[a][b];[a]${palette};[b][p]${dithered}`],
  },
  mp4: row('libx264 -crf 20', 'mp4'),
  webm: row('libvpx-vp9 -crf 24 -b:v 0', 'webm'),
  av1: row('libaom-av1 -crf 24 -b:v 0 -cpu-used 6', 'webm'),
  webp: {
    name: 'libwebp -quality 90',
    extension: 'webp',
    options: '-c:v libwebp_anim -quality 90 -loop 0'.split(' '),
  },
  apng: { name: 'apng', extension: 'apng', options: '-c:v apng -plays 0 -pix_fmt rgb24 -f apng'.split(' ') },
};

function row(encoder: string, extension: string): FfmpegRow {
  return { name: encoder, extension, options: `${video} -c:v ${encoder}`.split(' ') };
}

/** Frames as RGB in one file, 3 bytes per pixel. */
export interface RawFrames {
  readonly file: string;
  readonly side: number;
  readonly frameRate: number;
}

function inputOf({ file, side, frameRate }: RawFrames): string[] {
  return `-f rawvideo -pixel_format rgb24 -video_size ${side}x${side} -framerate ${frameRate} -i ${file}`.split(
    ' ',
  );
}

/** Runs ffmpeg: what it says, and its processor time in seconds. @throws Error if it fails */
async function ffmpeg(args: readonly string[]): Promise<{ readonly said: string; readonly seconds: number }> {
  const child = spawn('ffmpeg', ['-y', '-benchmark', '-hide_banner', '-nostats', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`ffmpeg ${args.join(' ')} failed:\n${said}`);
  const [, user = NaN, system = NaN] = /utime=([\d.]+)s stime=([\d.]+)s/.exec(said)?.map(Number) ?? [];
  return { said, seconds: user + system };
}

/** Encodes frames with ffmpeg: the file, and the processor time in seconds. */
export async function encodeByFfmpeg(
  frames: RawFrames,
  { extension, options }: FfmpegRow,
  folder: string,
): Promise<{ readonly bytes: Buffer; readonly seconds: number }> {
  const file = join(folder, `ffmpeg.${extension}`);
  const { seconds } = await ffmpeg([...inputOf(frames), ...options, file]);
  return { bytes: await readFile(file), seconds };
}

/** Decodes a file to RGB, 3 bytes per pixel. */
export async function decodeByFfmpeg(file: string, folder: string): Promise<Buffer> {
  const decoded = join(folder, 'decoded.rgb');
  await ffmpeg(`-i ${file} -fps_mode passthrough -f rawvideo -pix_fmt rgb24 ${decoded}`.split(' '));
  return readFile(decoded);
}

/** Likeness of two animations of the same length. */
export interface Likeness {
  /** Structural similarity of all frames and channels: 1 if they are equal. */
  readonly ssim: number;
  /** Peak signal-to-noise ratio after a Gaussian blur of 1.5 pixels, in dB: dithering is averaged as the eye does. */
  readonly areas: number;
}

export async function likenessOf(frames: RawFrames, wanted: RawFrames): Promise<Likeness> {
  const compare = async (filter: string) => {
    const graph = `[0:v]format=gbrp${filter === 'ssim' ? '' : ',gblur=sigma=1.5'}[a];[1:v]format=gbrp${filter === 'ssim' ? '' : ',gblur=sigma=1.5'}[b];[a][b]${filter}`;
    const { said } = await ffmpeg([
      ...inputOf(frames),
      ...inputOf(wanted),
      '-lavfi',
      graph,
      '-f',
      'null',
      '-',
    ]);
    return said;
  };
  const ssim = /SSIM .*All:([\d.]+)/.exec(await compare('ssim'));
  const areas = /PSNR .*average:([\d.]+|inf)/.exec(await compare('psnr'));
  return { ssim: Number(ssim?.[1]), areas: areas?.[1] === 'inf' ? Infinity : Number(areas?.[1]) };
}

/**
 * Mean change, from one frame to the next, of pixels that change by at most 1 of 255 in the wanted frames; NaN if there are
 * hardly any.
 */
export function flickerOf(frames: Uint8Array, wanted: Uint8Array, side: number): number {
  const size = 3 * side * side;
  let [sum, count] = [0, 0];
  for (let at = size; at < wanted.length; at += 3) {
    let still = true;
    let change = 0;
    for (let i = at; i < at + 3; i++) {
      still &&= Math.abs((wanted[i] ?? 0) - (wanted[i - size] ?? 0)) <= 1;
      change += Math.abs((frames[i] ?? 0) - (frames[i - size] ?? 0)) / 3;
    }
    if (!still) continue;
    sum += change;
    count++;
  }
  return count < wanted.length / 3 / 20 ? NaN : sum / count;
}
