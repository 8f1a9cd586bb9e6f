import type { Picture } from '../../base/index.ts';
import { encodePng } from '../../formats/index.ts';
import type { Shot } from '../../formats/index.ts';
import { frameSize } from '../animation.ts';
import type { FrameSource } from '../animation.ts';
import { Renderer, blended } from './render.ts';
import type { RenderOptions } from './render.ts';
import type { FrameFeed } from './types.ts';

/** Renders pictures to the frames of a file, by its shots. Caches two rendered pictures. */
export function feedOf(source: FrameSource, shots: readonly Shot[], options: RenderOptions): FrameFeed {
  const { placement } = options;
  const renderer = new Renderer(options);
  /** Most recently rendered pictures: cross-fades use the same two repeatedly. */
  let recent: { readonly index: number; readonly picture: Picture }[] = [];

  async function rendered(index: number): Promise<Picture> {
    const known = recent.find((entry) => entry.index === index);
    if (known) return known.picture;
    const picture = renderer.render(await source.picture(index));
    recent = [...recent.slice(-1), { index, picture }];
    return picture;
  }

  function shotAt(index: number): Shot {
    const shot = shots[index];
    if (!shot) throw new RangeError(`there is no frame ${index}`);
    return shot;
  }

  async function picture(index: number): Promise<Picture> {
    const { picture: first, next, mix } = shotAt(index);
    if (mix > 0) return blended(await rendered(first), await rendered(next), mix);
    const { width, height, data } = await rendered(first);
    return { width, height, data: data.slice() };
  }

  return {
    width: placement.width,
    height: placement.height,
    count: shots.length,
    seconds: shots.map(({ seconds }) => seconds),
    picture,
    async png(index) {
      const { picture: first, mix } = shotAt(index);
      const size = source.sizes[first];
      if (mix === 0 && size && renderer.isWhole(size)) {
        const png = await source.png(first);
        if (isPlainRgb(png)) return png;
      }
      return encodePng(await picture(index));
    },
  };
}

/** Scales frames of other sizes than the first to fit it, with bars. */
export function ofOneSize(source: FrameSource): FrameSource {
  const { width, height } = frameSize(source);
  if (source.sizes.every((size) => size.width === width && size.height === height)) return source;
  const renderer = new Renderer({
    placement: { width, height, x: 0, y: 0, scaledWidth: width, scaledHeight: height },
    resampling: 'lanczos',
    fit: 'pad',
  });
  const picture = async (index: number) => renderer.render(await source.picture(index));
  return {
    sizes: source.sizes.map(() => ({ width, height })),
    picture,
    png: async (index) => encodePng(await picture(index)),
  };
}

/** True for a PNG with 8 bits per channel, RGB, not interlaced, as Drift writes opaque pictures. */
function isPlainRgb(png: Uint8Array): boolean {
  return png[24] === 8 && png[25] === 2 && png[28] === 0;
}
