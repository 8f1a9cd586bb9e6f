import { memo, useEffect, useLayoutEffect, useRef } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import type { Frame, StartPicture } from '../../store/index.ts';
import { ProgressBar } from '../shared/ProgressBar.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { useFrameUrl, useStartUrl } from '../shared/thumbnails.ts';
import { comingFraction } from '../shared/words.ts';
import { stepFor } from '../shell/shortcuts.ts';
import styles from './Strip.module.css';
import { spaceOf, tileLeft, tileStep } from './window.ts';
import { useWindow } from './useWindow.ts';

/** Film strip: the start picture, all frames, and the frame in the making. Long strips are virtualized. */
export function Strip() {
  const { animation, player } = useStores();
  const start = useSelect(animation, (state) => state.start);
  const frames = useSelect(animation, (state) => state.frames);
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const { first, last } = useWindow(scroller, list, frames.length);
  const isWhole = first === 0 && last === frames.length;
  /** Position of a tile to focus once it is rendered. */
  const wanted = useRef<number | null>(null);

  useEffect(() => {
    const reveal = () => {
      const { following, position } = player.getState();
      if (scroller.current) revealTile(scroller.current, list.current, position, following);
    };
    reveal();
    // Scrolling forces a synchronous layout, so it is done only when the position changes.
    return player.subscribe(({ position, following }, before) => {
      if (position !== before.position || following !== before.following) reveal();
    });
  }, [player, frames]);

  const focusWanted = () => {
    const tile = wanted.current === null ? null : tileAt(scroller.current, wanted.current);
    if (!tile) return;
    wanted.current = null;
    tile.focus({ preventScroll: true });
  };
  useLayoutEffect(focusWanted);

  const onKeyDown = (event: KeyboardEvent) => {
    const by = stepFor(event.key, frames.length);
    if (by === null) return;
    event.preventDefault();
    player.step(by);
    wanted.current = player.getState().position;
    focusWanted();
  };

  return (
    <div
      className={styles['strip']}
      ref={scroller}
      onKeyDown={onKeyDown}
      role="group"
      aria-label="Film strip"
    >
      {start && <StartTile start={start} />}
      <ul className={styles['frames']} role="list" aria-label="Frames" ref={list}>
        {first > 0 && <Space tiles={first} />}
        {frames.slice(first, last).map((frame) => (
          <FrameItem key={frame.id} frame={frame} of={isWhole ? null : frames.length} />
        ))}
        {last < frames.length && <Space tiles={frames.length - last} />}
      </ul>
      <Coming />
      {!start && <p className={styles['empty']}>Your frames will line up here.</p>}
    </div>
  );
}

/** Spacer for tiles that are not rendered. */
function Space({ tiles }: { readonly tiles: number }) {
  return <li role="presentation" aria-hidden style={{ flex: 'none', width: spaceOf(tiles) }} />;
}

/** @param of - total number of frames if only some are rendered, for `aria-setsize`; else null */
const FrameItem = memo(function FrameItem({
  frame,
  of,
}: {
  readonly frame: Frame;
  readonly of: number | null;
}) {
  const url = useFrameUrl(frame);
  const place = of === null ? {} : { 'aria-posinset': frame.number, 'aria-setsize': of };
  return (
    <li className={styles['item']} {...place}>
      <Tile url={url} size={frame} position={frame.number} label={`Frame ${frame.number}`}>
        {frame.number}
      </Tile>
    </li>
  );
});

function StartTile({ start }: { readonly start: StartPicture }) {
  const url = useStartUrl(start);
  return (
    <Tile url={url} size={start.picture} position={0} label="Start">
      Start
    </Tile>
  );
}

/**
 * Thumbnail button. Roving tabindex: only the tile of the current position can be reached with Tab, the others with
 * arrow keys.
 */
function Tile({
  url,
  size,
  position,
  label,
  children,
}: {
  readonly url: string | null;
  readonly size: { readonly width: number; readonly height: number };
  readonly position: number;
  readonly label: string;
  readonly children: ReactNode;
}) {
  const { player } = useStores();
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
      {url !== null && (
        <img
          src={url}
          alt={label}
          width={size.width}
          height={size.height}
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

/** Tile of the frame in the making. */
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

/** Scrolls only the strip, until a tile or the end is visible. The tile need not be rendered. */
function revealTile(strip: HTMLElement, list: HTMLElement | null, position: number, end: boolean): void {
  if (end) {
    strip.scrollLeft = strip.scrollWidth;
    return;
  }
  const left = position === 0 || !list ? 0 : list.offsetLeft - strip.offsetLeft + tileLeft(position - 1);
  const right = left + tileStep;
  if (left < strip.scrollLeft) {
    strip.scrollLeft = left - tileStep;
  } else if (right > strip.scrollLeft + strip.clientWidth) {
    strip.scrollLeft = right - strip.clientWidth + tileStep;
  }
}
