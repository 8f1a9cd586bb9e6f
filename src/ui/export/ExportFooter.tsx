import { Copy, Share2 } from 'lucide-react';
import { useState } from 'react';
import { InputError } from '../../base/index.ts';
import { suggestedName } from '../../store/index.ts';
import type { WrittenFile } from '../../store/index.ts';
import { Button } from '../shared/Button.tsx';
import { ProgressBar } from '../shared/ProgressBar.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { bytes, timeLeft } from '../shared/words.ts';
import styles from './ExportDialog.module.css';
import { chooseFile, copyAnimation, hasSavePicker, isCopyable, isShareable, share } from './handing-over.ts';
import type { Draft } from './useDraft.ts';
import { downloadWords } from './words.ts';

/**
 * Save buttons of the Export dialog; during an export its progress, afterwards the name and size of the written file.
 */
export function ExportFooter({
  draft: { request, valid },
  download,
  onHandedOver,
}: {
  readonly draft: Draft;
  /** Bytes of the program that Save has to fetch first. */
  readonly download: number;
  /** Called when the export continues outside the dialog, which can close. */
  readonly onHandedOver: () => void;
}) {
  const { animation, exporter, notices, projects } = useStores();
  const job = useSelect(exporter, (state) => state.job);
  const written = useSelect(exporter, (state) => state.written);
  const project = useSelect(animation, (state) => state.project);
  const { format } = request.options;
  const isProject = format === 'drift';

  if (job) {
    const { done, of } = job.progress;
    return (
      <div className={styles['footer']}>
        <div className={styles['progress']}>
          <p>
            {job.attempt > 1 && `Attempt ${job.attempt} to keep the limit: `}
            {of > 0 ? Math.floor((100 * done) / of) : 0} %
            {job.secondsLeft !== null && `, ${timeLeft(job.secondsLeft)}`}
          </p>
          <ProgressBar label="Writing the file" fraction={of > 0 ? done / of : 0} />
        </div>
        <Button onClick={exporter.cancel}>Cancel</Button>
      </div>
    );
  }
  return (
    <div className={styles['footer']}>
      {written && <Written written={written} />}
      {/* Always there, because screen readers announce changes of a live region, not its appearance. */}
      <p className={styles['needs']} role="status">
        {download > 0 && downloadWords(download)}
      </p>
      {hasSavePicker() && !isProject && (
        <Button
          disabled={!valid}
          title="Writes straight to a file that you choose"
          onClick={() => {
            chooseFile(suggestedName(new Date(), format)).then(async (target) => {
              if (target) await exporter.save(request, target);
            }, notices.error);
          }}
        >
          Choose where…
        </Button>
      )}
      <Button
        look={['primary']}
        disabled={!valid}
        onClick={() => {
          if (!isProject) {
            void exporter.save(request, null);
          } else if (project) {
            void projects.exportFile(project.id);
            onHandedOver();
          }
        }}
      >
        Save
      </Button>
    </div>
  );
}

function Written({ written }: { readonly written: WrittenFile }) {
  const { notices } = useStores();
  const { name, file, bytes: length, width, height, still } = written;
  const [copied, setCopied] = useState<WrittenFile | null>(null);
  const shared = file && new File([file], name, { type: file.type });
  const copy = async (picture: Blob) => {
    try {
      await copyAnimation(picture, still);
      setCopied(written);
    } catch (cause) {
      notices.error(
        new InputError('copy-refused', 'The browser did not let Drift copy the file.', {
          remedy: 'Allow this page to use the clipboard, then try again, or use the file that was saved.',
          cause,
        }),
      );
    }
  };
  return (
    <div className={styles['written']}>
      <p role="status">
        {name}: {bytes(length)}, {width} × {height}
        {copied === written &&
          '. Copied: documents and mails take the animation, other programs its first frame.'}
      </p>
      {shared && isCopyable(shared) && (
        <Button onClick={() => void copy(shared)}>
          <Copy size={16} aria-hidden />
          Copy
        </Button>
      )}
      {shared && isShareable(shared) && (
        <Button
          onClick={() => {
            share(shared).catch(notices.error);
          }}
        >
          <Share2 size={16} aria-hidden />
          Share
        </Button>
      )}
    </div>
  );
}
