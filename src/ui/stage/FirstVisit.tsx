import { ImageUp } from 'lucide-react';
import { useStores } from '../shared/stores.ts';
import { openStartFile } from '../shared/startFile.ts';
import { Button } from '../shared/Button.tsx';
import { examples, exampleUrl } from './examples.ts';
import type { Example } from './examples.ts';
import { fetchPicture } from './fetchPicture.ts';
import styles from './FirstVisit.module.css';

/** Empty state of the stage: drop target and example pictures. */
export function FirstVisit() {
  const { animation } = useStores();
  const take = (example: Example) => {
    void animation.chooseStart(fetchPicture(exampleUrl(example)), example.name);
  };
  return (
    <div className={styles['visit']}>
      <div className={styles['target']}>
        <ImageUp size={32} strokeWidth={1.5} aria-hidden className={styles['icon']} />
        <h2 className={styles['title']}>Drop a picture here</h2>
        <p className={styles['or']}>or paste one, or</p>
        <Button onClick={openStartFile}>Choose a file</Button>
      </div>
      <h3 className={styles['try']}>Or try one of these</h3>
      <ul className={styles['examples']} role="list" aria-label="Examples">
        {examples.map((example) => (
          <li key={example.file}>
            <button
              type="button"
              className={styles['example']}
              onClick={() => {
                take(example);
              }}
            >
              <img src={exampleUrl(example)} alt="" width="128" height="128" draggable={false} />
              <span>{example.name}</span>
              <span className="hidden-text">: {example.description}</span>
            </button>
          </li>
        ))}
      </ul>
      <p className={styles['promise']}>Everything runs on this machine. No picture ever leaves it.</p>
    </div>
  );
}
