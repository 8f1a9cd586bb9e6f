import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, MouseEvent } from 'react';
import { branchesOf, playedFrames } from '../../project/index.ts';
import type { Branch } from '../../project/index.ts';
import { entryOf, showOnBranch } from '../../store/branch-walk.ts';
import { classes } from '../shared/classes.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import styles from './Branches.module.css';
import {
  branchAfter,
  branchWords,
  lastDepth,
  lineOf,
  nearestFrame,
  playedRanges,
  scaleOf,
} from './drawing.ts';
import type { BranchScale } from './drawing.ts';

/** Drawing of a project's branches, which can be walked: one row for each, and what is played highlighted. */
export function Branches() {
  const stores = useStores();
  const { animation, player } = stores;
  const tree = useSelect(animation, (state) => state.tree);
  const frames = useSelect(animation, (state) => state.frames);
  const position = useSelect(player, (state) => state.position);
  const box = useRef<HTMLDivElement>(null);
  const [{ width, row }, setSize] = useState({ width: 0, row: 0 });
  const branches = useMemo(() => branchesOf(tree), [tree]);
  const played = useMemo(() => new Set(playedFrames(tree).map(({ frame }) => frame)), [tree]);
  const isPlayed = (id: number) => played.has(id);

  useLayoutEffect(() => {
    const { current } = box;
    if (!current) return;
    const measure = () => {
      const first = current.querySelector<HTMLElement>('[role=treeitem]');
      setSize({ width: current.clientWidth, row: first?.offsetHeight ?? 0 });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    return () => {
      observer.disconnect();
    };
  }, []);

  const shown = position > 0 ? frames.at(position - 1)?.id : undefined;
  const current = Math.max(
    0,
    branches.findIndex((branch) => shown !== undefined && branch.frames.includes(shown)),
  );
  useEffect(() => {
    // Only the list is scrolled, not the page.
    const { current: list } = box;
    if (!list || row === 0) return;
    if (current * row < list.scrollTop) list.scrollTop = current * row;
    const below = (current + 1) * row - list.clientHeight;
    if (below > list.scrollTop) list.scrollTop = below;
  }, [current, row]);

  const scale = useMemo(() => scaleOf(branches, width, row), [branches, width, row]);
  const go = (index: number, id?: number) => {
    const branch = branches[index];
    if (branch) showOnBranch(stores, branch, id ?? entryOf(branch, isPlayed));
  };
  const focus = (index: number) => {
    box.current?.querySelectorAll<HTMLElement>('[role=treeitem]')[index]?.focus({ preventScroll: true });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = [...(box.current?.querySelectorAll('[role=treeitem]') ?? [])];
    const from = document.activeElement ? rows.indexOf(document.activeElement) : -1;
    if (from < 0) return;
    const isPress = event.key === 'Enter' || event.key === ' ';
    const to = isPress ? from : branchAfter(branches, from, event.key);
    if (to === null) return;
    event.preventDefault();
    if (to === from && !isPress) return;
    go(to);
    focus(to);
  };
  const onClick = (index: number) => (event: MouseEvent<HTMLElement>) => {
    const branch = branches[index];
    const at = event.clientX - event.currentTarget.getBoundingClientRect().left;
    if (branch) go(index, branch.frames[nearestFrame(branch, scale, at)]);
  };

  return (
    <div className={styles['branches']} ref={box} role="tree" aria-label="Branches" onKeyDown={onKeyDown}>
      <svg className={styles['drawing']} width={width} height={row * branches.length} aria-hidden>
        {row > 0 && (
          <>
            <Lines branches={branches} played={played} scale={scale} />
            <Mark
              x={scale.x(position === 0 ? 0 : depthOf(branches[current], shown))}
              y={scale.y(position === 0 ? 0 : current)}
            />
          </>
        )}
      </svg>
      {branches.map((branch, index) => (
        <div
          key={branch.frames[0]}
          role="treeitem"
          className={styles['row']}
          aria-label={branchWords(branch)}
          aria-level={branch.level + 1}
          aria-selected={index === current}
          tabIndex={index === current ? 0 : -1}
          title={branchWords(branch)}
          onClick={onClick(index)}
        >
          <span className={styles['label']} style={{ left: scale.x(lastDepth(branch)) + 12 }} aria-hidden>
            {branch.frames.length === 1
              ? `Frame ${branch.depth}`
              : `Frames ${branch.depth}–${lastDepth(branch)}`}
          </span>
        </div>
      ))}
    </div>
  );
}

/** Lines and dots, which change with the tree alone. */
const Lines = memo(function Lines({
  branches,
  played,
  scale,
}: {
  readonly branches: readonly Branch[];
  readonly played: ReadonlySet<number>;
  readonly scale: BranchScale;
}) {
  const isPlayed = (id: number) => played.has(id);
  return (
    <>
      {branches.map((branch, index) => (
        <path
          key={branch.frames[0]}
          className={styles['line']}
          d={lineOf(branch, index, scale, { to: branch.frames.length - 1 })}
        />
      ))}
      {branches.flatMap((branch, index) =>
        playedRanges(branch, isPlayed).map(([from, to]) => (
          <path
            key={branch.frames[from]}
            className={classes(styles['line'], styles['played'])}
            d={lineOf(branch, index, scale, { from, to })}
          />
        )),
      )}
      <circle className={styles['start']} cx={scale.x(0)} cy={scale.y(0)} r={3} />
      {branches.flatMap(({ depth, frames }, index) =>
        frames.map((id, at) => {
          if (at < frames.length - 1 && !scale.hasDots) return null;
          return (
            <circle
              key={id}
              className={classes(styles['dot'], isPlayed(id) && styles['playedDot'])}
              cx={scale.x(depth + at)}
              cy={scale.y(index)}
              r={3}
            />
          );
        }),
      )}
    </>
  );
});

function depthOf(branch: Branch | undefined, id: number | undefined): number {
  return branch && id !== undefined ? branch.depth + branch.frames.indexOf(id) : 0;
}

/** The frame on the stage. */
function Mark({ x, y }: { readonly x: number; readonly y: number }) {
  return <circle className={styles['mark']} cx={x} cy={y} r={5} />;
}
