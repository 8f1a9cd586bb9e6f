import { CircleHelp } from 'lucide-react';
import { Suspense, useState } from 'react';
import { ModelsButton } from '../library/ModelsButton.tsx';
import { ProjectBar } from '../projects/ProjectBar.tsx';
import { Button } from '../shared/Button.tsx';
import { lazyPart } from '../shared/lazyPart.tsx';
import styles from './Header.module.css';
import { UndoButtons } from './UndoButtons.tsx';

const Help = lazyPart(async () => (await import('./Help.tsx')).Help);

export function Header() {
  const [opened, setOpened] = useState(false);
  return (
    <header className={styles['header']}>
      <h1 className={styles['brand']} aria-label="Drift">
        <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden className={styles['mark']}>
          <rect x="1" y="9" width="13" height="13" rx="3" opacity=".3" />
          <rect x="5" y="6" width="13" height="13" rx="3" opacity=".5" />
          <rect x="9" y="2" width="14" height="14" rx="3" />
        </svg>
        <span className={styles['name']}>Drift</span>
      </h1>
      <ProjectBar />
      <ModelsButton area="header" />
      <UndoButtons />
      <Button look={['quiet', 'icon']} popoverTarget="help" title="Help">
        <CircleHelp size={20} aria-hidden />
        <span className="hidden-text">Help</span>
      </Button>
      <div
        id="help"
        popover="auto"
        className={styles['help']}
        onToggle={() => {
          setOpened(true);
        }}
      >
        {opened && (
          <Suspense>
            <Help />
          </Suspense>
        )}
      </div>
    </header>
  );
}
