import { Button } from '../shared/Button.tsx';
import { ProgressBar } from '../shared/ProgressBar.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import styles from './ProjectProgress.module.css';

/** Progress of an operation on a whole project (import, export, duplicate, …), with Cancel. */
export function ProjectProgress() {
  const { projects } = useStores();
  const job = useSelect(projects, (state) => state.job);
  if (!job) return null;
  const { text, done, of } = job;
  return (
    <div className={styles['job']}>
      <div className={styles['progress']}>
        <p>
          {text}
          {of > 0 ? `: ${done} of ${of}` : '…'}
        </p>
        <ProgressBar label={text} fraction={of > 0 ? done / of : 0} />
      </div>
      <Button look={['small']} onClick={projects.cancel}>
        Cancel
      </Button>
    </div>
  );
}
