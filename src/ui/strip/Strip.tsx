import { memo, useEffect, useRef } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import type { Frame, Shown } from '../../store/index.ts';
import { ProgressBar } from '../shared/ProgressBar.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { comingFraction } from '../shared/words.ts';
import { stepFor } from '../shell/shortcuts.ts';
import styles from './Strip.module.css';

/** The film strip: the start picture, every frame, and the one in the making. */
export function Strip() {
  const { animation, player } = useStores();
  const start = useSelect(animation, (state) => state.start);
  const frames = useSelect(animation, (state) => state.frames);
  const scroller = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const reveal = () => {
      const { following, position } = player.getState();
      if (scroller.current) revealTile(scroller.current, position, following);
    };
    reveal();
    // Scrolling makes the browser lay out the page at once, so only what moves the strip leads to it.
    return player.subscribe(({ position, following }, before) => {
      if (position !== before.position || following !== before.following) reveal();
    });
  }, [player, frames]);

  const onKeyDown = (event: KeyboardEvent) => {
    const by = stepFor(event.key, frames.length);
    if (by === null) return;
    event.preventDefault();
    player.step(by);
    tileAt(scroller.current, player.getState().position)?.focus();
  };

  return (
    <div
      className={styles['strip']}
      ref={scroller}
      onKeyDown={onKeyDown}
      role="group"
      aria-label="Film strip"
    >
      {start && (
        <Tile shown={start} position={0} label="Start">
          Start
        </Tile>
      )}
      <ul className={styles['frames']} role="list" aria-label="Frames">
        {frames.map((frame) => (
          <FrameItem key={frame.id} frame={frame} />
        ))}
      </ul>
      <Coming />
      {!start && <p className={styles['empty']}>Your frames will line up here.</p>}
    </div>
  );
}

const FrameItem = memo(function FrameItem({ frame }: { readonly frame: Frame }) {
  return (
    <li className={styles['item']}>
      <Tile shown={frame} position={frame.number} label={`Frame ${frame.number}`}>
        {frame.number}
      </Tile>
    </li>
  );
});

/** One picture of the strip. Only the one on the stage is in the order of the Tab key: arrow keys reach the rest. */
function Tile({
  shown,
  position,
  label,
  children,
}: {
  readonly shown: Shown;
  readonly position: number;
  readonly label: string;
  readonly children: ReactNode;
}) {
  const { addresses, player } = useStores();
  const url = useSelect(addresses, ({ urls }) => urls.get(shown.id));
  const current = useSelect(player, (state) => state.position === position);
  return (
    <button
      type="button"
      className={styles['tile']}
      data-position={position}
      aria-current={current || undefined}
      tabIndex={current ? 0 : -1}
      onClick={() => {
        player.show(position);
      }}
    >
      {url !== undefined && (
        <img
          src={url}
          alt={label}
          width={shown.picture.width}
          height={shown.picture.height}
          decoding="async"
          draggable={false}
        />
      )}
      <span className={styles['number']} aria-hidden>
        {children}
      </span>
    </button>
  );
}

/** The frame in the making. */
function Coming() {
  const { generation, player } = useStores();
  const run = useSelect(generation, (state) => state.run);
  const following = useSelect(player, (state) => state.following);
  if (run?.phase !== 'running') return null;
  return (
    <button
      type="button"
      className={styles['coming']}
      aria-pressed={following}
      onClick={() => {
        player.follow();
      }}
    >
      <span className="hidden-text">Watch the next one being made</span>
      <ProgressBar label="The next one" fraction={comingFraction(run)} />
    </button>
  );
}

function tileAt(strip: HTMLElement | null, position: number): HTMLElement | null {
  return strip?.querySelector<HTMLElement>(`[data-position="${position}"]`) ?? null;
}

/** Scrolls the strip, and nothing but the strip, until a tile, or the end, is in sight. */
function revealTile(strip: HTMLElement, position: number, end: boolean): void {
  if (end) {
    strip.scrollLeft = strip.scrollWidth;
    return;
  }
  const tile = tileAt(strip, position);
  if (!tile) return;
  const frame = strip.getBoundingClientRect();
  const box = tile.getBoundingClientRect();
  const margin = box.width;
  if (box.left < frame.left) strip.scrollLeft += box.left - frame.left - margin;
  else if (box.right > frame.right) strip.scrollLeft += box.right - frame.right + margin;
}
