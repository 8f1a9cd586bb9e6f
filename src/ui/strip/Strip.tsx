import { memo, Suspense, useEffect, useLayoutEffect, useMemo, useRef } from 'react';
import type { KeyboardEvent, MouseEvent, PointerEvent, ReactNode } from 'react';
import { hasBranches } from '../../project/index.ts';
import type { Frame, StartPicture } from '../../store/index.ts';
import { lazyPart } from '../shared/lazyPart.tsx';
import { ProgressBar } from '../shared/ProgressBar.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { useFrameUrl, useStartUrl } from '../shared/thumbnails.ts';
import { comingFraction } from '../shared/words.ts';
import { stepFor } from '../shell/shortcuts.ts';
import styles from './Strip.module.css';
import { rowWidth, tileLeft, tileStep } from './window.ts';
import { useWindow } from './useWindow.ts';

// Without it, “Another branch” in the run bar goes from branch to branch.
const Branches = lazyPart(
  async () => (await import('../branches/Branches.tsx')).Branches,
  () => null,
);
const StripTools = lazyPart(async () => (await import('./StripTools.tsx')).StripTools);

/** Film strip: the start picture, all frames, and the frame in the making. Long strips are virtualized. */
export function Strip() {
  const stores = useStores();
  const { animation, player, selection } = stores;
  const start = useSelect(animation, (state) => state.start);
  const frames = useSelect(animation, (state) => state.frames);
  const tree = useSelect(animation, (state) => state.tree);
  const branched = useMemo(() => hasBranches(tree), [tree]);
  const selecting = useSelect(selection, ({ positions }) => positions.size > 0);
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

  const focusCurrent = () => {
    wanted.current = player.getState().position;
    focusWanted();
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const { key, shiftKey, ctrlKey, metaKey, altKey } = event;
    const by = ctrlKey || metaKey || altKey ? null : stepFor(key, frames.length);
    if (by !== null) {
      event.preventDefault();
      const { position: from } = player.getState();
      player.step(by);
      if (shiftKey && frames.length > 0) selection.extendTo(Math.max(1, player.getState().position), from);
      focusCurrent();
      return;
    }
    const isBound = editingKeys.includes(key) || ((ctrlKey || metaKey) && editingLetters.includes(key));
    if (!isBound || frames.length === 0 || (key === 'Escape' && !selecting)) return;
    event.preventDefault();
    const pressed = { key, shiftKey, altKey, isCommand: ctrlKey || metaKey };
    void import('./stripKeys.ts').then(({ pressStripKey }) => {
      pressStripKey(stores, pressed);
      // The tiles have moved once the edit is rendered. The user may have gone on to something else by then.
      requestAnimationFrame(() => {
        const { activeElement, body } = document;
        if (activeElement === body || scroller.current?.contains(activeElement)) focusCurrent();
      });
    });
  };

  const onPointerDown = ({ nativeEvent, target }: PointerEvent) => {
    const tile = target instanceof Element ? target.closest<HTMLElement>('[data-position]') : null;
    const position = Number(tile?.dataset['position'] ?? 0);
    if (position === 0 || nativeEvent.button !== 0 || !scroller.current) return;
    const { current: strip } = scroller;
    const pressed = new AbortController();
    for (const type of ['pointerup', 'pointercancel']) {
      window.addEventListener(
        type,
        () => {
          pressed.abort();
        },
        { signal: pressed.signal },
      );
    }
    void import('./dragging.ts').then(({ followPress }) => {
      if (!pressed.signal.aborted) followPress(stores, strip, nativeEvent, position);
    });
  };

  return (
    <>
      {branched && (
        <Suspense>
          <Branches />
        </Suspense>
      )}
      {selecting && (
        <Suspense>
          <StripTools onClosed={focusCurrent} />
        </Suspense>
      )}
      <div
        className={styles['strip']}
        ref={scroller}
        onKeyDown={onKeyDown}
        onPointerDown={onPointerDown}
        role="group"
        aria-label="Film strip"
        data-selecting={selecting || undefined}
      >
        {start && <StartTile start={start} />}
        <ul className={styles['frames']} role="list" aria-label="Frames" ref={list}>
          {first > 0 && <Space tiles={first} />}
          {frames.slice(first, last).map((frame) => (
            <FrameItem key={frame.key} frame={frame} of={isWhole ? null : frames.length} />
          ))}
          {last < frames.length && <Space tiles={frames.length - last} />}
        </ul>
        <Coming />
        {!start && <p className={styles['empty']}>Your frames will line up here.</p>}
      </div>
    </>
  );
}

/** Spacer for tiles that are not rendered. */
function Space({ tiles }: { readonly tiles: number }) {
  return <li role="presentation" aria-hidden style={{ flex: 'none', width: rowWidth(tiles) }} />;
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
  const ariaPosition = of === null ? {} : { 'aria-posinset': frame.number, 'aria-setsize': of };
  return (
    <li className={styles['item']} {...ariaPosition}>
      <Tile
        url={url}
        size={frame}
        position={frame.number}
        label={`Frame ${frame.number}`}
        note={frame.hold > 1 ? `shown for ${frame.hold} frame times` : ''}
      >
        {frame.number}
        {frame.hold > 1 && <b className={styles['hold']}>×{frame.hold}</b>}
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
  note = '',
  children,
}: {
  readonly url: string | null;
  readonly size: { readonly width: number; readonly height: number };
  readonly position: number;
  readonly label: string;
  /** Said after the label. */
  readonly note?: string;
  readonly children: ReactNode;
}) {
  const { player, selection } = useStores();
  const current = useSelect(player, (state) => state.position === position);
  const selected = useSelect(selection, ({ positions }) => positions.has(position));
  const press = ({ shiftKey, ctrlKey, metaKey, nativeEvent }: MouseEvent) => {
    const { position: from } = player.getState();
    const { size } = selection.getState().positions;
    player.show(position);
    if (position === 0) return;
    const isTouch = nativeEvent instanceof globalThis.PointerEvent && nativeEvent.pointerType === 'touch';
    if (shiftKey) selection.extendTo(position, from);
    else if (ctrlKey || metaKey || (isTouch && size > 0)) selection.toggle(position);
    else if (size > 0) selection.select([position]);
  };
  return (
    <button
      type="button"
      className={styles['tile']}
      data-position={position}
      aria-current={current || undefined}
      aria-pressed={selected || undefined}
      tabIndex={current ? 0 : -1}
      onClick={press}
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
      {note !== '' && <span className="hidden-text">{note}</span>}
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

/** Keys that edit the strip; the code for them is loaded when one is pressed. */
const editingKeys = ['Delete', 'Backspace', 'Escape', 'ArrowLeft', 'ArrowRight'];
/** Letters that do so with Ctrl or Command. */
const editingLetters = ['a', 'd', ' '];

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
