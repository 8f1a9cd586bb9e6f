import { useState } from 'react';
import type { InstalledModel } from '../../store/index.ts';
import { Button } from '../shared/Button.tsx';
import { ProgressBar } from '../shared/ProgressBar.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { dateWords } from '../shared/dateWords.ts';
import { bytes } from '../shared/words.ts';
import { LowMemory } from './LowMemory.tsx';
import styles from './ModelsDialog.module.css';
import { WebLink } from './WebLink.tsx';

/** List of the models on this device, the built-in one first. */
export function InstalledModels() {
  const { model, models } = useStores();
  const installed = useSelect(models, (state) => state.installed);
  const location = useSelect(model, (state) => state.location);
  const fetching = useSelect(models, ({ fetch }) => fetch?.id ?? null);
  return (
    <section className={styles['section']} aria-label="Models here">
      <h3 className={styles['heading']}>Ready to use</h3>
      <ul className={styles['list']} role="list" aria-label="Installed models" aria-busy={installed === null}>
        <li className={styles['row']} aria-current={location?.kind === 'url' || undefined}>
          <div>
            <p className={styles['name']}>The built-in model</p>
            <p className={styles['note']}>Comes with the page, small, also works without a GPU.</p>
          </div>
          <div className={styles['actions']}>
            <Use id={null} name="the built-in model" current={location?.kind === 'url'} />
          </div>
        </li>
        {installed
          ?.filter(({ id }) => id !== fetching)
          .map((each) => (
            <Installed
              key={each.id}
              model={each}
              current={location?.kind === 'installed' && location.id === each.id}
            />
          ))}
      </ul>
      <LowMemory />
    </section>
  );
}

function Use({
  id,
  name,
  current,
}: {
  readonly id: string | null;
  readonly name: string;
  readonly current: boolean;
}) {
  const { models } = useStores();
  return (
    <Button
      look={['small']}
      aria-label={current ? `In use: ${name}` : `Use ${name}`}
      disabled={current}
      onClick={() => {
        models.use(id);
      }}
    >
      {current ? 'In use' : 'Use'}
    </Button>
  );
}

const states = { complete: '', partial: 'Not complete', damaged: 'Damaged' } as const;

function Installed({ model, current }: { readonly model: InstalledModel; readonly current: boolean }) {
  const { models } = useStores();
  const check = useSelect(models, (state) => (state.check?.id === model.id ? state.check : null));
  const [asking, setAsking] = useState(false);
  const { id, name, state, date, licence, licenceUrl } = model;
  const size = bytes(state === 'complete' ? model.bytes : model.storedBytes);
  return (
    <li className={styles['row']} aria-current={current || undefined}>
      <div>
        <p className={styles['name']}>{name}</p>
        <p className={styles['note']}>
          {states[state] && <strong>{states[state]} · </strong>}
          {size} · {dateWords(date, new Date())} · <WebLink url={licenceUrl}>{licence}</WebLink>
        </p>
        {check && (
          <ProgressBar
            label={`Checking ${name}`}
            fraction={check.progress?.of ? check.progress.done / check.progress.of : 0}
          />
        )}
      </div>
      <div className={styles['actions']}>
        {asking ? (
          <>
            <p>Remove {name} from this device?</p>
            <Button
              look={['small']}
              onClick={() => {
                setAsking(false);
                void models.remove(id);
              }}
            >
              Yes, remove
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
            {state === 'complete' ? (
              <Use id={id} name={name} current={current} />
            ) : (
              <Button
                look={['small']}
                onClick={() => {
                  models.get({ kind: 'installed', id }, name);
                }}
              >
                {state === 'partial' ? 'Resume' : 'Repair'}
              </Button>
            )}
            {state !== 'partial' && (
              <Button
                look={['small', 'quiet']}
                aria-label={check ? `Stop checking ${name}` : `Check ${name} again`}
                onClick={() => {
                  if (check) models.stopVerifying();
                  else void models.verify(id);
                }}
              >
                {check ? 'Stop' : 'Check again'}
              </Button>
            )}
            <Button
              look={['small', 'quiet']}
              aria-label={`Remove ${name}`}
              onClick={() => {
                setAsking(true);
              }}
            >
              Remove
            </Button>
          </>
        )}
      </div>
    </li>
  );
}
