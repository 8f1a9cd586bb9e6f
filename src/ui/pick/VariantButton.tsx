import { useEffect, useRef } from 'react';
import type { Round, Variant } from '../../store/index.ts';
import { paint } from '../stage/paint.ts';
import styles from './PickPanel.module.css';

/** Button of a candidate: shows its preview while it is denoised, and can be pressed once it is finished. */
export function VariantButton({
  index,
  variant: { preview, candidate },
  settings: { width, height },
  ready,
  onTake,
  onLook,
}: {
  readonly index: number;
  readonly variant: Variant;
  readonly settings: Round['settings'];
  /** Whether speculation has finished the round that follows this candidate. */
  readonly ready: boolean;
  readonly onTake: (index: number) => void;
  readonly onLook: (index: number | null) => void;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const picture = candidate?.picture ?? preview;
  useEffect(() => {
    if (canvas.current && picture) paint(canvas.current, { picture, width, height });
  }, [picture, width, height]);
  const look = () => {
    onLook(index);
  };
  const lookAway = () => {
    onLook(null);
  };
  return (
    <button
      type="button"
      className={styles['variant']}
      aria-label={`Variant ${index + 1}`}
      aria-disabled={candidate ? undefined : true}
      aria-busy={candidate ? undefined : true}
      title={ready ? 'The round after this one is ready' : undefined}
      onClick={() => {
        onTake(index);
      }}
      onPointerEnter={look}
      onPointerLeave={lookAway}
      onFocus={look}
      onBlur={lookAway}
    >
      {picture ? (
        <canvas ref={canvas} width={width} height={height} aria-hidden />
      ) : (
        <span className={styles['blank']} style={{ aspectRatio: `${width} / ${height}` }} />
      )}
      <span className={styles['number']} data-ready={ready || undefined} aria-hidden>
        {index + 1}
      </span>
    </button>
  );
}
