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

/** The film strip: the start picture, every frame, and the one in the making. */
export function Strip() {
  const { animation, player } = useStores();
  const start = useSelect(animation, (state) => state.start);
  const frames = useSelect(animation, (state) => state.frames);
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const { first, last } = useWindow(scroller, list, frames.length);
  const isWhole = first === 0 && last === frames.length;
  /** A tile that gets the focus once it is drawn. */
  const wanted = useRef<number | null>(null);

  useEffect(() => {
    const reveal = () => {
      const { following, position } = player.getState();
      if (scroller.current) revealTile(scroller.current, list.current, position, following);
    };
    reveal();
    // Scrolling makes the browser lay out the page at once, so only what moves the strip leads to it.
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

/** The room of tiles that are out of view. */
function Space({ tiles }: { readonly tiles: number }) {
  return <li role="presentation" aria-hidden style={{ flex: 'none', width: spaceOf(tiles) }} />;
}

/** @param of - how many there are, where not all of them are drawn: what is drawn does not tell it */
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

/** One picture of the strip. Only the one on the stage is in the order of the Tab key: arrow keys reach the rest. */
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

/** Scrolls the strip, and nothing but the strip, until a tile, or the end, is in sight. The tile need not be drawn. */
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
