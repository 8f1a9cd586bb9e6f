import { Pause, Play } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { Picture } from '../../base/index.ts';
import { hasConstantRate, isStill, lengthOf } from '../../project/index.ts';
import { placementIn } from '../../formats/index.ts';
import type { PictureSize, Placement, Shot } from '../../formats/index.ts';
import type { ExportOptions } from '../../project/index.ts';
import type { Stores } from '../../store/index.ts';
import { Button } from '../shared/Button.tsx';
import { useStores } from '../shared/stores.ts';
import { bytes, frameCount } from '../shared/words.ts';
import styles from './ExportDialog.module.css';
import type { Draft } from './useDraft.ts';
import { useEstimate } from './useEstimate.ts';
import { shortNumber } from './words.ts';

/** Longer side of the preview, in pixels. */
const side = 480;

/** Plays the shots of the file, with its duration, dimensions and estimated size. */
export function Preview({ draft, download }: { readonly draft: Draft; readonly download: number | null }) {
  const { shots, placement, options, asksPlays } = draft;
  const [playing, setPlaying] = useState(() => !matchMedia('(prefers-reduced-motion: reduce)').matches);
  const canvas = usePlayback(draft, playing);
  const estimate = useEstimate(draft, download);
  const scale = Math.min(1, side / Math.max(placement.width, placement.height));
  const still = isStill(options.format);
  return (
    <div className={styles['preview']}>
      <canvas
        ref={canvas}
        width={Math.round(scale * placement.width)}
        height={Math.round(scale * placement.height)}
        role="img"
        aria-label="Preview"
      />
      <div className={styles['facts']}>
        <Button
          look={['quiet', 'icon']}
          title={playing ? 'Pause the preview' : 'Play the preview'}
          onClick={() => {
            setPlaying(!playing);
          }}
        >
          {playing ? <Pause size={18} aria-hidden /> : <Play size={18} aria-hidden />}
          <span className="hidden-text">{playing ? 'Pause the preview' : 'Play the preview'}</span>
        </Button>
        {options.format !== 'drift' && (
          <dl>
            <div>
              <dt>Length</dt>
              <dd>
                {still ? frameCount(shots.length) : `${shortNumber(lengthOf(shots))} s`}
                {asksPlays && options.plays > 1 && ` × ${options.plays}`}
              </dd>
            </div>
            {!still && (
              <div>
                <dt>Frames</dt>
                <dd>
                  {hasConstantRate(options.format) ? framesOfVideo(shots, options.frameRate) : shots.length}
                </dd>
              </div>
            )}
            <div>
              <dt>Size</dt>
              <dd>
                {placement.width} × {placement.height}
              </dd>
            </div>
            <div aria-live="polite">
              <dt>File</dt>
              <dd>{estimateWords(estimate, options.limit)}</dd>
            </div>
          </dl>
        )}
      </div>
    </div>
  );
}

function framesOfVideo(shots: readonly Shot[], frameRate: number): number {
  return Math.round(lengthOf(shots) * frameRate);
}

function estimateWords(estimate: ReturnType<typeof useEstimate>, limit: number | null): string {
  if (estimate === 'measuring') return 'measuring…';
  if (estimate === 'unknown') return 'not known';
  if (limit !== null && estimate > limit) return `under ${bytes(limit)}`;
  return `about ${bytes(estimate)}`;
}

/** Plays shots on a canvas in real time, in a loop; draws the first one if not `playing`. */
function usePlayback({ shots, placement, request, options }: Draft, playing: boolean) {
  const { animation } = useStores();
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef({ shots, placement, positions: request.positions, options });
  useEffect(() => {
    latest.current = { shots, placement, positions: request.positions, options };
  });
  useEffect(() => {
    let frame = 0;
    let stopped = false;
    let drawn = '';
    const begin = performance.now();
    const tick = async () => {
      const { shots: all, placement: current, positions, options: chosen } = latest.current;
      const seconds = playing ? (performance.now() - begin) / 1000 : 0;
      const shot = shotAt(all, seconds % Math.max(0.001, lengthOf(all)));
      const key = shot ? JSON.stringify([shot, current, chosen.resampling, chosen.fit]) : '';
      if (shot && key !== drawn) {
        drawn = key;
        const pictures = await picturesOf(animation, shot, positions);
        const context = canvas.current?.getContext('2d');
        if (pictures && context) draw(context, pictures, shot.mix, current, chosen);
      }
      // The effect may have been cleaned up while the pictures were being read.
      if (!stopped) frame = requestAnimationFrame(() => void tick());
    };
    frame = requestAnimationFrame(() => void tick());
    return () => {
      stopped = true;
      cancelAnimationFrame(frame);
    };
  }, [animation, playing]);
  return canvas;
}

function shotAt(shots: readonly Shot[], seconds: number): Shot | undefined {
  let end = 0;
  return shots.find((shot) => (end += shot.seconds) > seconds) ?? shots.at(-1);
}

/** Reads the one or two pictures of a shot; null if that fails. Saving reports the error. */
async function picturesOf(
  animation: Stores['animation'],
  { picture, next, mix }: Shot,
  positions: readonly number[],
): Promise<Picture[] | null> {
  const wanted = mix > 0 ? [picture, next] : [picture];
  try {
    return await Promise.all(wanted.map((index) => animation.pictureAt(positions[index] ?? 0)));
  } catch {
    return null;
  }
}

function draw(
  context: CanvasRenderingContext2D,
  pictures: readonly Picture[],
  mix: number,
  placement: Placement,
  options: Pick<ExportOptions, 'resampling' | 'fit'>,
): void {
  const { width, height } = context.canvas;
  for (const [index, picture] of pictures.entries()) {
    context.globalAlpha = index === 0 ? 1 : mix;
    context.drawImage(sheetOf(picture, { width, height }, placement, options), 0, 0);
  }
}

/** Draws a picture as a frame of the file, scaled to a canvas of `size`. */
function sheetOf(
  picture: Picture,
  size: PictureSize,
  placement: Placement,
  { resampling, fit }: Pick<ExportOptions, 'resampling' | 'fit'>,
): OffscreenCanvas {
  const copy = new OffscreenCanvas(picture.width, picture.height);
  copy.getContext('2d')?.putImageData(new ImageData(picture.data, picture.width, picture.height), 0, 0);
  const sheet = new OffscreenCanvas(size.width, size.height);
  const context = sheet.getContext('2d');
  if (!context) return sheet;
  context.imageSmoothingEnabled = resampling !== 'nearest';
  context.imageSmoothingQuality = 'high';
  context.fillStyle = 'black';
  context.fillRect(0, 0, size.width, size.height);
  const scale = size.width / placement.width;
  const { x, y, scaledWidth, scaledHeight } = placementIn(placement, picture, fit);
  context.drawImage(copy, scale * x, scale * y, scale * scaledWidth, scale * scaledHeight);
  return sheet;
}
