import type { Picture } from '../base/index.ts';
import { longestPng } from '../formats/index.ts';
import type { PictureSize } from '../formats/index.ts';
import type { ProjectFiles } from './files.ts';
import { frameFile } from './picture-files.ts';
import { decodeFramePng } from './png.ts';
import { lostPictureError } from './project-errors.ts';

/** Reference to a picture of a project by its id. It is passed around instead of pixels, which stay in storage. */
export interface PictureRef extends PictureSize {
  readonly id: number;
}

/** PNG file of a picture that is held in memory because it is not on disk, or not yet. */
export interface HeldPicture {
  readonly id: number;
  readonly png: Blob;
}

/** Location of a project's pictures: those held in memory, and the id of the project on disk with the others. */
export interface PictureSource {
  readonly project: string;
  readonly held: readonly HeldPicture[];
}

/** Reads pictures of a project one at a time; the start picture only if it is held in memory. */
export interface PictureReader {
  /** Reads the PNG file. @throws ProjectError `picture-lost` */
  png(ref: PictureRef): Promise<Uint8Array<ArrayBuffer>>;
  /** Reads and decodes the picture. @throws ProjectError `picture-lost` or a reason of `decodeFramePng` */
  picture(ref: PictureRef): Promise<Picture>;
}

/** Creates a reader that looks in memory first, then on disk. */
export function readerOf(files: Pick<ProjectFiles, 'read'>, { project, held }: PictureSource): PictureReader {
  const inMemory = new Map(held.map(({ id, png }) => [id, png]));
  const reader: PictureReader = {
    async png(ref) {
      const file = inMemory.get(ref.id) ?? (await files.read(project, frameFile(ref.id)));
      if (!file || file.size > longestPng(ref)) throw lostPictureError(ref.id);
      return new Uint8Array(await file.arrayBuffer());
    },
    async picture(ref) {
      const { id, width, height } = ref;
      return decodeFramePng(await reader.png(ref), { width, height }, frameFile(id));
    },
  };
  return reader;
}

/**
 * Downscales a picture, keeping its proportions, so that neither side exceeds `side`: each pixel is the mean of the
 * source pixels that it covers. A picture that is small enough is returned unchanged.
 */
export function downscaled(picture: Picture, side: number): Picture {
  const scale = Math.max(picture.width, picture.height) / side;
  if (scale <= 1) return picture;
  const width = Math.max(1, Math.round(picture.width / scale));
  const height = Math.max(1, Math.round(picture.height / scale));
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = [edge(y, height, picture.height), edge(y + 1, height, picture.height)];
    for (let x = 0; x < width; x++) {
      const [left, right] = [edge(x, width, picture.width), edge(x + 1, width, picture.width)];
      const sums = [0, 0, 0, 0];
      for (let row = top; row < bottom; row++) {
        for (let at = 4 * (row * picture.width + left); at < 4 * (row * picture.width + right); at++) {
          sums[at & 3] = (sums[at & 3] ?? 0) + (picture.data[at] ?? 0);
        }
      }
      const pixels = (bottom - top) * (right - left);
      for (const [channel, sum] of sums.entries()) data[4 * (y * width + x) + channel] = sum / pixels;
    }
  }
  return { width, height, data };
}

function edge(index: number, of: number, pixels: number): number {
  return Math.round((index * pixels) / of);
}
