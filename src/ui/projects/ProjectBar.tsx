import { FolderOpen } from 'lucide-react';
import { Suspense, useState } from 'react';
import { Button } from '../shared/Button.tsx';
import { lazyDialog } from '../shared/lazyPart.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { keptWords } from '../shared/words.ts';
import styles from './ProjectBar.module.css';

const ProjectsDialog = lazyDialog(
  'Projects',
  async () => (await import('./ProjectsDialog.tsx')).ProjectsDialog,
);

/** Name and save status of the open project, and the button of the Projects dialog. */
export function ProjectBar() {
  const { animation, autosave } = useStores();
  const project = useSelect(animation, (state) => state.project);
  const status = useSelect(autosave, (state) => {
    if (state.status !== 'stuck') return state.status;
    return project && state.stuck.includes(project.id) ? 'stuck' : 'kept';
  });
  const [open, setOpen] = useState(false);
  return (
    <div className={styles['bar']}>
      <p className={styles['words']}>
        {project && (
          <>
            <span className={styles['name']}>{project.name}</span>
            <span className={styles['kept']}>{keptWords(status, project.readOnly)}</span>
          </>
        )}
      </p>
      <Button
        look={['quiet']}
        aria-haspopup="dialog"
        aria-label="Projects"
        title="Your projects"
        className={styles['button']}
        onClick={() => {
          setOpen(true);
        }}
      >
        <FolderOpen size={20} aria-hidden />
        <span className={styles['label']}>Projects</span>
      </Button>
      {open && (
        <Suspense>
          <ProjectsDialog
            onClose={() => {
              setOpen(false);
            }}
          />
        </Suspense>
      )}
    </div>
  );
}
