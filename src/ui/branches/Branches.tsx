import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, MouseEvent } from 'react';
import { branchesOf, playedFrames } from '../../project/index.ts';
import type { Branch } from '../../project/index.ts';
import { isPlayedBranch, walkBranch, walkRefusal } from '../../store/branch-walk.ts';
import { classes } from '../shared/classes.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import styles from './Branches.module.css';
import {
  branchAfter,
  branchWords,
  branchLabel,
  lastDepth,
  branchPath,
  nearestFrame,
  playedRanges,
  scaleOf,
  scrolledTo,
} from './drawing.ts';
import type { BranchScale } from './drawing.ts';

/** Drawing of a project's branches, which can be walked: one row for each, and what is played highlighted. */
export function Branches() {
  const stores = useStores();
  const { animation, generation, player } = stores;
  const tree = useSelect(animation, (state) => state.tree);
  const readOnly = useSelect(animation, ({ project }) => project?.readOnly ?? false);
  const running = useSelect(generation, ({ run }) => run !== null);
  const box = useRef<HTMLDivElement>(null);
  const [{ width, row }, setSize] = useState({ width: 0, row: 0 });
  /** First frame of the branch that the arrow keys have gone to; null while the focus is elsewhere. */
  const [focused, setFocused] = useState<number | null>(null);
  const branches = useMemo(() => branchesOf(tree), [tree]);
  const played = useMemo(() => new Set(playedFrames(tree).map(({ frame }) => frame)), [tree]);
  const refusal = walkRefusal({ running, readOnly });

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

  const current = branches.findIndex((branch) => isPlayedBranch(tree, branch));
  const playedBranch = branches[current]?.frames[0];
  const reveal = useCallback(
    (index: number) => {
      // Only the list is scrolled, not the page.
      const { current: list } = box;
      if (!list || index < 0) return;
      list.scrollTop = scrolledTo(index, row, list);
    },
    [row],
  );
  const latest = useRef(current);
  useEffect(() => {
    latest.current = current;
  });
  useEffect(() => {
    // The list stays where it is while the branch is the same, and during playback.
    if (row > 0 && !player.getState().playing) reveal(latest.current);
  }, [player, playedBranch, reveal, row]);

  const scale = useMemo(() => scaleOf(branches, width, row), [branches, width, row]);
  const found = branches.findIndex(({ frames }) => frames[0] === focused);
  const tabbable = found >= 0 ? found : Math.max(0, current);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = [...(box.current?.querySelectorAll<HTMLElement>('[role=treeitem]') ?? [])];
    const from = rows.findIndex((each) => each === document.activeElement);
    const branch = branches[from];
    if (!branch) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      walkBranch(stores, branch, null);
      return;
    }
    const to = branchAfter(branches, from, event.key);
    if (to === null) return;
    event.preventDefault();
    rows[to]?.focus({ preventScroll: true });
    reveal(to);
  };
  const onClick = (branch: Branch) => (event: MouseEvent<HTMLElement>) => {
    const at = event.clientX - event.currentTarget.getBoundingClientRect().left;
    walkBranch(stores, branch, branch.frames[nearestFrame(branch, scale, at)] ?? null);
  };

  return (
    <div
      className={styles['branches']}
      ref={box}
      role="tree"
      aria-label="Branches"
      onKeyDown={onKeyDown}
      onBlur={() => {
        setFocused(null);
      }}
    >
      <svg className={styles['drawing']} width={width} height={row * branches.length} aria-hidden>
        {row > 0 && (
          <>
            <Lines branches={branches} played={played} scale={scale} />
            <Mark branches={branches} scale={scale} />
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
          aria-disabled={(refusal !== null && index !== current) || undefined}
          tabIndex={index === tabbable ? 0 : -1}
          title={refusal !== null && index !== current ? refusal : branchWords(branch)}
          onClick={onClick(branch)}
          onFocus={() => {
            setFocused(branch.frames[0] ?? null);
          }}
        >
          <span className={styles['label']} style={{ left: scale.x(lastDepth(branch)) + 12 }} aria-hidden>
            {branchLabel(branch)}
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
          d={branchPath(branch, index, scale, { to: branch.frames.length - 1 })}
        />
      ))}
      {branches.flatMap((branch, index) =>
        playedRanges(branch, isPlayed).map(([from, to]) => (
          <path
            key={branch.frames[from]}
            className={classes(styles['line'], styles['played'])}
            d={branchPath(branch, index, scale, { from, to })}
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

/** The frame on the stage. Apart from the rows, because it moves up to 60 times a second. */
function Mark({ branches, scale }: { readonly branches: readonly Branch[]; readonly scale: BranchScale }) {
  const { animation, player } = useStores();
  const position = useSelect(player, (state) => state.position);
  const shown = useSelect(animation, ({ frames }) =>
    position > 0 ? frames.at(position - 1)?.id : undefined,
  );
  const positions = useMemo(() => {
    const entries = branches.flatMap(({ frames, depth }, row) =>
      frames.map((id, at): [number, { depth: number; row: number }] => [id, { depth: depth + at, row }]),
    );
    return new Map(entries);
  }, [branches]);
  const { depth, row } = (shown === undefined ? undefined : positions.get(shown)) ?? { depth: 0, row: 0 };
  return <circle className={styles['mark']} cx={scale.x(depth)} cy={scale.y(row)} r={5} />;
}
