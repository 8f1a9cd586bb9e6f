import { Square } from 'lucide-react';
import { useId } from 'react';
import type { Run } from '../../store/index.ts';
import { Button } from '../shared/Button.tsx';
import { ProgressBar } from '../shared/ProgressBar.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { loadWords, outcomeWords, runFraction, runWords, timeLeft } from '../shared/words.ts';
import styles from './RunBar.module.css';

/** The buttons that begin and end the work, and how far it is. */
export function RunBar() {
  const { animation, generation, pick } = useStores();
  const picking = useSelect(pick, (state) => state.round !== null);
  const run = useSelect(generation, (state) => state.run);
  const frames = useSelect(animation, (state) => state.frames.length);
  const hint = useId();
  return (
    <div className={styles['bar']}>
      <Status />
      <div className={styles['buttons']}>
        <Button
          look={['primary']}
          className={styles['generate']}
          disabled={run !== null}
          aria-describedby={hint}
          onClick={() => void generation.generate()}
        >
          Generate
        </Button>
        <Button
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
          <Hint frames={frames} phase={run?.phase ?? null} />
        </p>
        {frames > 0 && !run && (
          <button type="button" className={styles['link']} onClick={animation.startOver}>
            Start over
          </button>
        )}
      </div>
    </div>
  );
}

/** What the next press on Generate does. */
function Hint({ frames, phase }: { readonly frames: number; readonly phase: Run['phase'] | null }) {
  const { animation } = useStores();
  const hasStart = useSelect(animation, ({ start }) => start !== null);
  if (phase === 'waiting') return 'Begins as soon as everything is there.';
  if (phase === 'running') return 'Stopping keeps every finished frame.';
  if (frames > 0) return `Goes on from frame ${frames}.`;
  return hasStart ? 'Starts from your picture.' : 'Choose a picture first.';
}

/** One line and a bar: the run, or else the loading of the model, or how the last run went. */
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
