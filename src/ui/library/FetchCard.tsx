import { useState } from 'react';
import { Button } from '../shared/Button.tsx';
import { ProgressBar } from '../shared/ProgressBar.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { fetchWords } from '../shared/words.ts';
import styles from './ModelsDialog.module.css';

/** Progress of the current model download, with Pause, Resume and Cancel. */
export function FetchCard() {
  const { models } = useStores();
  const fetch = useSelect(models, (state) => state.fetch);
  const refused = useSelect(models, ({ promised }) => promised === false);
  const [asking, setAsking] = useState(false);
  if (!fetch) return null;
  const { name, phase, news } = fetch;
  const { text, fraction } = fetchWords(fetch);
  const goesOn = phase === 'running' || phase === 'waiting';
  return (
    <section className={styles['card']} aria-label={`Download of ${name}`}>
      <h3 className={styles['name']}>{goesOn ? `Getting ${name}` : name}</h3>
      <ProgressBar label={`Download of ${name}`} fraction={fraction} />
      <p className={styles['figures']}>{text}</p>
      {news && <p className={styles['note']}>{news}</p>}
      {refused && (
        <p className={styles['note']}>
          This browser does not promise to keep it: it may clear it when room runs out.
        </p>
      )}
      <div className={styles['actions']}>
        {asking ? (
          <>
            <p>Throw away what has been downloaded?</p>
            <Button
              look={['small']}
              onClick={() => {
                setAsking(false);
                void models.cancel();
              }}
            >
              Throw away
            </Button>
            <Button
              look={['small']}
              onClick={() => {
                setAsking(false);
              }}
            >
              Keep
            </Button>
          </>
        ) : (
          <>
            <Button look={['small']} onClick={goesOn ? models.pause : models.resume}>
              {goesOn ? 'Pause' : 'Resume'}
            </Button>
            <Button
              look={['small', 'quiet']}
              onClick={() => {
                setAsking(true);
              }}
            >
              Cancel
            </Button>
          </>
        )}
      </div>
    </section>
  );
}
