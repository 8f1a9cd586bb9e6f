import type { Picture } from '../../base/index.ts';
import type { Stores } from '../../store/index.ts';

/** A picture and the size to draw it at, which differs from the picture's own for a preview. */
export interface Scene {
  readonly picture: Picture;
  readonly width: number;
  readonly height: number;
}

/** Current content of the stage: a scene, a position whose picture has to be read first, or null. */
export function sceneOf({
  animation,
  generation,
  pictures,
  player,
}: Pick<Stores, 'animation' | 'generation' | 'pictures' | 'player'>):
  Scene | { readonly position: number } | null {
  const { following, compared, ...shown } = player.getState();
  const position = compared ?? shown.position;
  const { run } = generation.getState();
  if (following && run?.preview) return { picture: run.preview, width: run.width, height: run.height };
  const { project, start, frames } = animation.getState();
  const frame = frames.at(position - 1);
  if (position === 0) return start && { picture: start.picture, ...sizeOf(start.picture) };
  if (!project || !frame) return null;
  const picture = pictures.peek(project.id, frame.id);
  return picture ? { picture, ...sizeOf(frame) } : { position };
}

function sizeOf({ width, height }: { readonly width: number; readonly height: number }) {
  return { width, height };
}

let scratch: HTMLCanvasElement | null = null;

/** Largest side of pictures whose pixels are shown as squares. Larger ones are scaled smoothly. */
const pixelArt = 96;

/** Draws a scene on a canvas of the stage, whose style scales it as it suits the size. */
export function showScene(canvas: HTMLCanvasElement, scene: Scene): void {
  paint(canvas, scene);
  canvas.toggleAttribute('data-pixels', Math.max(scene.width, scene.height) <= pixelArt);
}

/** Draws a scene on a canvas, and resizes the canvas to it; previews are scaled up smoothly. */
export function paint(canvas: HTMLCanvasElement, { picture, width, height }: Scene): void {
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) return;
  // Assigning a canvas's size clears it, even if the size is unchanged.
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const image = new ImageData(picture.data, picture.width, picture.height);
  if (picture.width === width && picture.height === height) {
    context.putImageData(image, 0, 0);
    return;
  }
  scratch ??= document.createElement('canvas');
  scratch.width = picture.width;
  scratch.height = picture.height;
  scratch.getContext('2d')?.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = 'high';
  context.drawImage(scratch, 0, 0, width, height);
}
