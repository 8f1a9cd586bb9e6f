import { ListPlus, Square } from 'lucide-react';
import { Suspense, useId, useRef } from 'react';
import { childrenOf, startId } from '../../project/index.ts';
import { framesToCome, mostQueued } from '../../store/index.ts';
import type { Run } from '../../store/index.ts';
import { Button } from '../shared/Button.tsx';
import { lazyPart } from '../shared/lazyPart.tsx';
import { ProgressBar } from '../shared/ProgressBar.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { loadWords, outcomeWords, runFraction, runWords, timeLeft } from '../shared/words.ts';
import styles from './RunBar.module.css';

const RunQueue = lazyPart(async () => (await import('./RunQueue.tsx')).RunQueue);

/** Generate and Stop buttons, the progress of the run, the queue behind it, and the actions on branches. */
export function RunBar() {
  const { animation, generation, model, pick, queue, settings } = useStores();
  const byHand = useSelect(settings, ({ values }) => values.mode === 'pick');
  const picking = useSelect(pick, (state) => state.round !== null);
  const run = useSelect(generation, (state) => state.run);
  const readOnly = useSelect(animation, ({ project }) => project?.readOnly ?? false);
  const queued = useSelect(queue, ({ runs }) => runs.length);
  const loading = useSelect(model, ({ status }) => status !== 'ready');
  const hint = useId();
  const stop = useRef<HTMLButtonElement>(null);
  return (
    <div className={styles['bar']} data-run-bar>
      {queued > 0 && (
        <Suspense>
          <RunQueue after={stop} />
        </Suspense>
      )}
      <Status />
      <div className={styles['buttons']}>
        <Button
          look={['primary']}
          className={styles['generate']}
          disabled={run !== null || picking || readOnly}
          aria-describedby={hint}
          onClick={() => void (byHand ? pick.begin() : generation.generate())}
        >
          Generate
        </Button>
        {(run !== null || queued > 0) && (
          <Button
            look={['large']}
            className={styles['add']}
            aria-label="Add to queue"
            disabled={byHand || loading || queued >= mostQueued}
            title={
              queued >= mostQueued
                ? `The queue is full: ${mostQueued} runs`
                : byHand
                  ? 'Picking by hand cannot wait in a queue'
                  : loading
                    ? 'As soon as the model is loaded'
                    : 'Makes frames with these settings after the runs before'
            }
            onClick={queue.add}
          >
            <ListPlus size={16} aria-hidden />
            <span className={styles['wide']}>Add to queue</span>
            <span className={styles['narrow']}>Queue</span>
          </Button>
        )}
        <Button
          ref={stop}
          look={['large']}
          disabled={run === null && !picking}
          title="Stop (Escape)"
          onClick={() => {
            generation.stop();
            pick.stop();
          }}
        >
          <Square size={14} fill="currentColor" aria-hidden />
          Stop
        </Button>
      </div>
      <div className={styles['hint']}>
        <p id={hint}>
          <Hint phase={run?.phase ?? null} queued={queued} picking={picking} readOnly={readOnly} />
        </p>
        {!run && <FrameActions readOnly={readOnly} />}
      </div>
    </div>
  );
}

/** What Generate or Stop would do now. */
function Hint({
  phase,
  queued,
  picking,
  readOnly,
}: {
  readonly phase: Run['phase'] | null;
  readonly queued: number;
  readonly picking: boolean;
  readonly readOnly: boolean;
}) {
  const { animation, settings } = useStores();
  const start = useSelect(animation, (state) => state.start);
  const frames = useSelect(animation, (state) => state.frames);
  const lineage = useSelect(animation, () => animation.lineage());
  const values = useSelect(settings, (state) => state.values);
  if (readOnly) return 'Open in another tab: here it can be watched.';
  if (phase === 'waiting') return 'Begins as soon as everything is there.';
  if (phase === 'running') {
    return `Stopping keeps every frame in the strip${queued > 0 ? ', and the next run begins' : ''}.`;
  }
  if (picking) return 'Stopping keeps every frame that you picked.';
  if (!start) return 'Choose a picture first.';
  const from = frames.length > 0 ? `Goes on from frame ${frames.length}` : 'Starts from your picture';
  if (values.mode !== 'smooth') return `${from}.`;
  const more = framesToCome(lineage, values);
  return `${from}: ${more} new ${more === 1 ? 'frame' : 'frames'}.`;
}

/** Actions on the frame on the stage: switch to another branch, continue from it, delete it, start over. */
function FrameActions({ readOnly }: { readonly readOnly: boolean }) {
  const { animation, player, projects } = useStores();
  const frames = useSelect(animation, (state) => state.frames);
  const tree = useSelect(animation, (state) => state.tree);
  const position = useSelect(player, (state) => state.position);
  const node = tree.nodes.get(position > 0 ? (frames.at(position - 1)?.id ?? startId) : startId);
  const siblings = node ? childrenOf(tree, node.parent) : [];
  return (
    <span className={styles['frameActions']}>
      {node && siblings.length > 1 && (
        <button
          type="button"
          className={styles['link']}
          onClick={() => {
            projects.nextBranch(position);
          }}
        >
          Another branch ({siblings.indexOf(node) + 1} of {siblings.length})
        </button>
      )}
      {!readOnly && position < frames.length && (
        <button
          type="button"
          className={styles['link']}
          onClick={() => {
            animation.goBackTo(position);
          }}
        >
          Go on from {position === 0 ? 'the start' : `frame ${position}`}
        </button>
      )}
      {!readOnly && node && (
        <button
          type="button"
          className={styles['link']}
          onClick={() => {
            animation.removeFrom(position);
          }}
        >
          {position < frames.length ? `Delete from frame ${position} on` : `Delete frame ${position}`}
        </button>
      )}
      {tree.nodes.size > 0 && (
        <button type="button" className={styles['link']} onClick={animation.startOver}>
          Start over
        </button>
      )}
    </span>
  );
}

/** One line and a progress bar: the current run, else the loading of the model, else the outcome of the last run. */
function Status() {
  const { generation, model } = useStores();
  const run = useSelect(generation, (state) => state.run);
  const outcome = useSelect(generation, (state) => state.outcome);
  const status = useSelect(model, (state) => state.status);
  const loading = useSelect(model, (state) => state.progress);
  if (run?.phase === 'running') {
    const seconds = run.progress?.secondsLeft ?? null;
    return (
      <div className={styles['status']}>
        <p className={styles['line']}>
          <span>{runWords(run)}</span>
          <span className={styles['left']}>{seconds === null ? '' : timeLeft(seconds)}</span>
        </p>
        <ProgressBar label="This run" fraction={runFraction(run)} />
      </div>
    );
  }
  if (status === 'loading') {
    const { text, fraction } = loadWords(loading);
    return (
      <div className={styles['status']}>
        <p className={styles['line']}>
          <span>Loading model… {text}</span>
        </p>
        <ProgressBar label="Loading the model" fraction={fraction} />
      </div>
    );
  }
  if (run) return <p className={styles['line']}>{runWords(run)}</p>;
  if (status === 'failed') return <Failed />;
  return outcome && <p className={styles['line']}>{outcomeWords(outcome)}</p>;
}

function Failed() {
  const { model } = useStores();
  return (
    <p className={styles['line']}>
      <span>The model could not be loaded.</span>
      <button type="button" className={styles['link']} onClick={model.retry}>
        Retry
      </button>
    </p>
  );
}
