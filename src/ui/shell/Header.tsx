import { CircleHelp } from 'lucide-react';
import { ProjectBar } from '../projects/ProjectBar.tsx';
import { Button } from '../shared/Button.tsx';
import styles from './Header.module.css';
import { shortcuts } from './shortcuts.ts';
import { UndoButtons } from './UndoButtons.tsx';

const advice = [
  'Each frame is made from the one before, so small changes add up: the picture drifts.',
  'Repeats decide how busy the frames get. Too little ends in plain texture, too much in clutter.',
  'Prompts are touchy: change a few words at a time.',
  '10 steps are often enough.',
  'Everything you make is kept on this device as you make it. You find it under Projects.',
];

export function Header() {
  return (
    <header className={styles['header']}>
      <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden className={styles['mark']}>
        <rect x="1" y="9" width="13" height="13" rx="3" opacity=".3" />
        <rect x="5" y="6" width="13" height="13" rx="3" opacity=".5" />
        <rect x="9" y="2" width="14" height="14" rx="3" />
      </svg>
      <h1 className={styles['name']}>Drift</h1>
      <ProjectBar />
      <UndoButtons />
      <Button look={['quiet', 'icon']} popoverTarget="help" title="Help">
        <CircleHelp size={20} aria-hidden />
        <span className="hidden-text">Help</span>
      </Button>
      <div id="help" popover="auto" className={styles['help']}>
        <h2>Good to know</h2>
        <ul className={styles['advice']}>
          {advice.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
        <h2>Keys</h2>
        <dl className={styles['keys']}>
          {shortcuts.map(({ keys, effect }) => (
            <div key={keys}>
              <dt>
                <kbd>{keys}</kbd>
              </dt>
              <dd>{effect}</dd>
            </div>
          ))}
        </dl>
      </div>
    </header>
  );
}
