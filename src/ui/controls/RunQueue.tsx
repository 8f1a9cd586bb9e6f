import { ArrowDown, ArrowUp, X } from 'lucide-react';
import { useRef, useState } from 'react';
import type { RefObject } from 'react';
import { countRuns, framesToCome } from '../../store/index.ts';
import type { QueuePause, QueuedRun } from '../../store/index.ts';
import { Button } from '../shared/Button.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { frameCount } from '../shared/words.ts';
import { modes } from './modes.ts';
import styles from './RunQueue.module.css';
import { settingsWords } from './queueWords.ts';

/**
 * The queued runs: see, reorder and remove them, stop all, or go on after a pause.
 *
 * @param after - gets the focus when the last run leaves the queue
 */
export function RunQueue({ after }: { readonly after: RefObject<HTMLElement | null> }) {
  const { animation, generation, queue } = useStores();
  const { runs, paused } = useSelect(queue, (state) => state);
  const lineage = useSelect(animation, () => animation.lineage());
  const run = useSelect(generation, (state) => state.run?.settings ?? null);
  const list = useRef<HTMLOListElement>(null);
  const [open] = useState(
    () => typeof matchMedia === 'undefined' || matchMedia('(min-width: 600px)').matches,
  );

  /** Empties the list, whose buttons go. */
  const empty = (action: () => void) => () => {
    action();
    after.current?.focus();
  };
  return (
    <section className={styles['queue']} aria-label="Queue">
      {paused && (
        <p className={styles['pause']} role="status">
          {pauseWords(paused, (settings) => runName(settings, framesToCome(lineage, settings)))}
        </p>
      )}
      <div className={styles['runs']}>
        <details open={open}>
          <summary className={styles['summary']}>
            {countRuns(runs.length)} {paused ? 'waiting' : 'to come'}
          </summary>
          <ol className={styles['list']} aria-label="Queued runs" ref={list} tabIndex={-1}>
            {runs.map((queued, index) => (
              <Item
                key={queued.id}
                queued={queued}
                index={index}
                of={runs.length}
                before={runs[index - 1]?.settings ?? run}
                frames={framesToCome(lineage, queued.settings)}
                onRemoved={() => {
                  (queue.getState().runs.length > 0 ? list.current : after.current)?.focus();
                }}
              />
            ))}
          </ol>
        </details>
        <div className={styles['actions']}>
          {paused && (
            <Button look={['small']} disabled={run !== null} onClick={empty(queue.goOn)}>
              Go on
            </Button>
          )}
          <Button look={['quiet', 'small']} aria-label="Clear queue" onClick={empty(queue.clear)}>
            Clear
          </Button>
          {run && (
            <Button look={['quiet', 'small']} onClick={empty(queue.stopAll)}>
              Stop all
            </Button>
          )}
        </div>
      </div>
    </section>
  );
}

function Item({
  queued: { id, settings },
  index,
  of,
  before,
  frames,
  onRemoved,
}: {
  readonly queued: QueuedRun;
  readonly index: number;
  readonly of: number;
  /** Settings of the run before this one; null if none is in progress. */
  readonly before: QueuedRun['settings'] | null;
  /** Number of frames that it would make now. */
  readonly frames: number;
  readonly onRemoved: () => void;
}) {
  const { queue } = useStores();
  const name = `run ${index + 1}`;
  const mover = (label: string, by: number, Icon: typeof ArrowUp) => (
    <Button
      look={['quiet', 'icon']}
      className={styles['tool']}
      aria-label={`${label} ${name}`}
      title={label}
      disabled={index + by < 0 || index + by >= of}
      onClick={({ currentTarget }) => {
        queue.move(id, by);
        // The browser takes the focus from elements that move.
        requestAnimationFrame(() => {
          currentTarget.focus();
        });
      }}
    >
      <Icon size={16} aria-hidden />
    </Button>
  );
  const difference = settingsWords(settings, before);
  return (
    <li className={styles['item']}>
      <span className={styles['words']} title={difference}>
        <span>{runName(settings, frames)}</span>
        <span className={styles['difference']}>{difference}</span>
      </span>
      {mover('Move up', -1, ArrowUp)}
      {mover('Move down', 1, ArrowDown)}
      <Button
        look={['quiet', 'icon']}
        className={styles['tool']}
        aria-label={`Remove ${name}`}
        title="Remove"
        onClick={() => {
          queue.remove(id);
          onRemoved();
        }}
      >
        <X size={16} aria-hidden />
      </Button>
    </li>
  );
}

function runName({ mode }: QueuedRun['settings'], frames: number): string {
  return `${modes.find(({ id }) => id === mode)?.label ?? mode} · ${frameCount(frames)}`;
}

function pauseWords(paused: QueuePause, nameOf: (settings: QueuedRun['settings']) => string): string {
  switch (paused.reason) {
    case 'failed':
      return `Paused: the run “${nameOf(paused.settings)}” ended by an error.`;
    case 'changed':
      return 'Paused: the animation was changed. The next run goes on from its last frame now.';
    case 'model':
      return `Paused: these runs were queued for the model ${paused.model}. Go on uses the one that is loaded.`;
    case 'restored':
      return 'Paused, as no frames are being made.';
  }
}
