import type {
  AutosaveState,
  EndedRun,
  GenerationProgress,
  HistoryEntry,
  LoadEvent,
  ModelFetch,
  RunOutcome,
  Round,
  Run,
} from '../../store/index.ts';

/** Formats a duration: `8 s`, `2 min 5 s`, `1 h 4 min`. */
export function duration(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  const rest = minutes % 60;
  return rest === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

/** Formats the remaining time, rounded to the accuracy of the estimate. */
export function timeLeft(seconds: number): string {
  if (seconds < 1) return 'nearly done';
  if (seconds < 10) return `${Math.round(seconds)} s left`;
  if (seconds < 60) return `about ${Math.round(seconds / 5) * 5} s left`;
  if (seconds < 3600) return `about ${Math.round(seconds / 60)} min left`;
  // To five minutes, and without “about”: there is little room for long times.
  return `${duration(Math.round(seconds / 300) * 300)} left`;
}

export function frameCount(count: number): string {
  return count === 1 ? '1 frame' : `${count} frames`;
}

/** Tooltip of the undo or redo button, and whether the button is enabled. */
export function historyWords(
  direction: 'undo' | 'redo',
  entry: Pick<HistoryEntry, 'label' | 'touches'> | null,
  running: boolean,
): { readonly usable: boolean; readonly words: string } {
  if (!entry) return { usable: false, words: `Nothing to ${direction}` };
  const words = `${direction === 'undo' ? 'Undo' : 'Redo'}: ${entry.label}`;
  if (entry.touches === 'frames' && running) {
    return { usable: false, words: `${words}, once no frames are being made` };
  }
  return { usable: true, words };
}

/** Save status of the open project. */
export function keptWords(status: AutosaveState['status'], readOnly: boolean): string {
  if (readOnly) return 'Open in another tab';
  switch (status) {
    case 'kept':
      return 'Kept on this device';
    case 'saving':
      return 'Keeping…';
    case 'stuck':
      return 'Not kept yet';
  }
}

/** Formats a size: `3.4 MB`, in decimal units as browsers show downloads. */
export function bytes(count: number): string {
  if (count < 1e6) return `${Math.round(count / 1e3)} kB`;
  if (count < 1e9) return `${(count / 1e6).toFixed(count < 1e7 ? 1 : 0)} MB`;
  return `${(count / 1e9).toFixed(2)} GB`;
}

/** Approximate start and share of each stage within a frame. */
const stages = {
  encode: { from: 0, share: 0.06 },
  guidance: { from: 0.06, share: 0.04 },
  denoise: { from: 0.1, share: 0.8 },
  decode: { from: 0.9, share: 0.1 },
} as const;

/** Size of the current batch, and its progress, or null if that progress is of frames that are already finished. */
function underWay({ made, progress }: Pick<Run, 'made' | 'progress'>) {
  const batch = progress?.batch ?? 1;
  return { batch, progress: progress && progress.frame + batch > made ? progress : null };
}

/** Progress of a run, from 0 to 1. */
export function runFraction(run: Pick<Run, 'frames' | 'made' | 'progress'>): number {
  const { frames, made } = run;
  const { batch, progress } = underWay(run);
  if (!progress) return made / frames;
  const { from, share } = stages[progress.stage];
  const within = progress.of > 0 ? Math.min(1, progress.step / progress.of) : 0;
  return Math.min(1, (progress.frame + batch * (from + share * within)) / frames);
}

/** Progress of the batch of frames in the making, from 0 to 1. */
export function comingFraction(run: Pick<Run, 'frames' | 'made' | 'progress'>): number {
  const { batch, progress } = underWay(run);
  const first = progress?.frame ?? run.made;
  return Math.min(1, Math.max(0, (runFraction(run) * run.frames - first) / batch));
}

/** Describes the current stage of a frame. */
export function stageWords({ stage, step, of }: GenerationProgress): string {
  switch (stage) {
    case 'encode':
      return 'looking';
    case 'guidance':
      return 'steering';
    case 'denoise':
      return `step ${Math.min(step, of)} of ${of}`;
    case 'decode':
      return 'painting';
  }
}

/** Status line of a run: `Frame 2 of 3 · step 7 of 20`, `Frames 2–3 of 9 · step 7 of 20`. */
export function runWords(run: Run): string {
  const { phase, frames, made } = run;
  if (phase === 'waiting') return 'Waiting for the picture';
  const { batch, progress } = underWay(run);
  const first = Math.min(frames, (progress?.frame ?? made) + 1);
  const last = progress ? Math.min(frames, progress.frame + batch) : first;
  const current = `${last > first ? `Frames ${first}–${last}` : `Frame ${first}`} of ${frames}`;
  return progress ? `${current} · ${stageWords(progress)}` : current;
}

export function outcomeWords({ kind, made, seconds }: RunOutcome): string {
  const frames = `${frameCount(made)} in ${duration(seconds)}`;
  switch (kind) {
    case 'done':
      return `Made ${frames}.`;
    case 'stopped':
      return made > 0 ? `Stopped. Made ${frames}.` : 'Stopped.';
    case 'failed':
      return made > 0 ? `Ended by an error. Made ${frames}.` : 'Ended by an error.';
  }
}

/** Status text of the loading of a model, and its progress from 0 to 1. */
export function loadWords(event: LoadEvent | null): { readonly text: string; readonly fraction: number } {
  if (!event) return { text: '', fraction: 0 };
  const { stage, part, done, of, read } = event;
  const within = read && read.of > 0 ? read.done / read.of : 0;
  const fraction = of > 0 ? Math.min(1, (done + within) / of) : 0;
  switch (stage) {
    case 'download':
      // The size is unknown if the server sends no Content-Length.
      return { text: `${part}, ${bytes(done)}${of > 0 ? ` of ${bytes(of)}` : ''}`, fraction };
    case 'verify':
      return { text: `checking ${part}, ${bytes(done)} of ${bytes(of)}`, fraction };
    case 'compile':
      return { text: `preparing ${part}, ${done} of ${of}`, fraction };
    case 'session':
      return {
        text: read
          ? `starting ${part}, ${bytes(read.done)} of ${bytes(read.of)}`
          : `starting ${part}, ${done} of ${of}`,
        fraction,
      };
  }
}

/** Status text of a model download, and its progress from 0 to 1. */
export function fetchWords({ phase, progress }: Pick<ModelFetch, 'phase' | 'progress'>): {
  readonly text: string;
  readonly fraction: number;
} {
  const { stage = 'look', done = 0, of = 0, bytesPerSecond = null, secondsLeft = null } = progress ?? {};
  const fraction = of > 0 ? Math.min(1, done / of) : 0;
  const share = of > 0 ? `${bytes(done)} of ${bytes(of)}` : '';
  if (phase === 'paused' || phase === 'failed') {
    const stopped = phase === 'paused' ? 'Paused' : 'Stopped';
    return { text: stage === 'download' && share ? `${stopped} at ${share}` : stopped, fraction };
  }
  if (phase === 'pausing') {
    return { text: `Pausing, keeping what has come${share && `: ${share}`}`, fraction };
  }
  if (phase === 'waiting') return { text: `Waiting for the network${share && `, ${share}`}`, fraction };
  switch (stage) {
    case 'look':
      return { text: 'Looking at what there is to get…', fraction: 0 };
    case 'verify':
      return { text: `Checking what is here already, ${share}`, fraction };
    case 'download': {
      const rate = bytesPerSecond === null ? '' : ` · ${bytes(bytesPerSecond)}/s`;
      return {
        text: `${share}${rate}${secondsLeft === null ? '' : ` · ${timeLeft(secondsLeft)}`}`,
        fraction,
      };
    }
  }
}

/**
 * Title of the document: progress of the run, or of the round of picking.
 *
 * @param ended - the last run, if it ended while the tab was hidden
 */
export function pageTitle(
  run: Run | null,
  round: Round | null,
  loading: boolean,
  ended: Pick<EndedRun, 'kind' | 'made'> | null = null,
): string {
  if (run?.phase === 'running') {
    const { frames, made } = run;
    const frame = Math.min(frames, Math.max(made, run.progress?.frame ?? 0) + 1);
    return `${Math.floor(100 * runFraction(run))} % · frame ${frame} of ${frames} – Drift`;
  }
  if (run || round?.phase === 'waiting') return 'Waiting – Drift';
  if (round?.phase === 'done') return `Take one for frame ${round.number} – Drift`;
  if (round) {
    const { stage, step, of } = round.progress ?? { stage: 'encode', step: 0, of: 1 };
    const done = stage === 'decode' ? 1 : stage === 'denoise' ? step / of : 0;
    return `${Math.floor(100 * done)} % · frame ${round.number} – Drift`;
  }
  if (ended?.kind === 'done') return `✓ ${frameCount(ended.made)} made – Drift`;
  if (ended?.kind === 'failed') return 'Ended by an error – Drift';
  return loading ? 'Loading – Drift' : 'Drift';
}
