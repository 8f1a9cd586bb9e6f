import { Download } from 'lucide-react';
import { useId } from 'react';
import type { ExportKind } from '../../store/index.ts';
import { ExportButton } from '../export/ExportButton.tsx';
import { Button } from '../shared/Button.tsx';
import { ProgressBar } from '../shared/ProgressBar.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import styles from './Downloads.module.css';

const kinds: readonly { kind: ExportKind; name: string; help: string }[] = [
  { kind: 'gif', name: 'GIF', help: 'Plays everywhere; 256 colours a frame' },
  { kind: 'mp4', name: 'MP4', help: 'A small video in full colour' },
  { kind: 'zip', name: 'ZIP', help: 'Every frame as a PNG, exactly as it was made' },
];

/** Download buttons for GIF, MP4 and ZIP, or the progress of the export that is running. */
export function Downloads() {
  const { animation, exporter, preferences } = useStores();
  const empty = useSelect(animation, (state) => state.frames.length === 0);
  const job = useSelect(exporter, (state) => state.job);
  const includeStart = useSelect(preferences, (state) => state.includeStart);
  const hint = useId();
  const name = kinds.find(({ kind }) => kind === job?.kind)?.name ?? 'file';
  return (
    <div className={styles['downloads']} role="group" aria-label="Downloads">
      {job ? (
        <div className={styles['job']}>
          <div className={styles['progress']}>
            <p>
              Writing the {name}: {job.progress.done} of {job.progress.of}
            </p>
            <ProgressBar
              label={`Writing the ${name}`}
              fraction={job.progress.of > 0 ? job.progress.done / job.progress.of : 0}
            />
          </div>
          <Button onClick={exporter.cancel}>Cancel</Button>
        </div>
      ) : (
        <>
          {kinds.map(({ kind, name, help }) => (
            <Button
              key={kind}
              title={help}
              disabled={empty}
              aria-describedby={empty ? hint : undefined}
              onClick={() => void exporter.download(kind)}
            >
              <Download size={16} aria-hidden />
              <span>
                <span className="hidden-text">Download </span>
                {name}
              </span>
            </Button>
          ))}
          <label className={styles['include']}>
            <input
              type="checkbox"
              checked={includeStart}
              onChange={({ target }) => {
                preferences.setState({ includeStart: target.checked });
              }}
            />
            Include the start picture
          </label>
          <span id={hint} hidden>
            There is nothing to download yet.
          </span>
        </>
      )}
      <ExportButton />
    </div>
  );
}
