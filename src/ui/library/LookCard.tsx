import type { Device, LookResult, ModelCost } from '../../store/index.ts';
import { Button } from '../shared/Button.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { machineWords } from './machineWords.ts';
import { bytes } from '../shared/words.ts';
import styles from './ModelsDialog.module.css';
import { WebLink } from './WebLink.tsx';

/** Result of inspecting a model before its download: what it costs, or why it cannot be used. */
export function LookCard({
  look,
  name,
  action,
}: {
  readonly look: LookResult;
  readonly name: string;
  readonly action: string;
}) {
  const { models } = useStores();
  const { status, wanted } = look;
  return (
    <section className={styles['card']} aria-label={name} aria-busy={status === 'looking'}>
      <h3 className={styles['name']}>{status === 'cost' ? look.cost.name : name}</h3>
      {status === 'looking' && <p className={styles['note']}>Finding out what it takes…</p>}
      {status === 'problems' && (
        <>
          <p>It cannot be taken as it is:</p>
          <ul className={styles['problems']}>
            {look.problems.map(({ message, remedy }) => (
              <li key={message}>
                {message} <span className={styles['note']}>{remedy}</span>
              </li>
            ))}
          </ul>
          <div className={styles['actions']}>
            <Button look={['small']} onClick={() => void models.look(wanted)}>
              Try again
            </Button>
          </div>
        </>
      )}
      {status === 'cost' && (
        <Cost
          cost={look.cost}
          free={look.free}
          device={look.device}
          action={action}
          onGet={() => {
            models.get(wanted, look.cost.name);
          }}
        />
      )}
    </section>
  );
}

function Cost({
  cost,
  free,
  device,
  action,
  onGet,
}: {
  readonly cost: ModelCost;
  readonly free: number | null;
  readonly device: Device | null;
  readonly action: string;
  readonly onGet: () => void;
}) {
  const { models, preferences } = useStores();
  const saving = useSelect(preferences, (state) => state.lowMemory);
  const busy = useSelect(models, ({ fetch }) => fetch?.phase === 'running' || fetch?.phase === 'waiting');
  const { will, text } = machineWords(cost, device, saving);
  const short = free !== null && free < cost.storedBytes;
  return (
    <>
      {cost.description && <p>{cost.description}</p>}
      <dl className={styles['facts']}>
        <div>
          <dt>Download</dt>
          <dd>{bytes(cost.downloadBytes)}</dd>
        </div>
        <div>
          <dt>On this device</dt>
          <dd>
            {bytes(cost.storedBytes)}
            {free !== null && `, ${bytes(free)} are free`}
          </dd>
        </div>
        <div>
          <dt>Licence</dt>
          <dd>
            <WebLink url={cost.licenceUrl}>{cost.licence}</WebLink>
          </dd>
        </div>
        {cost.page !== null && (
          <div>
            <dt>From</dt>
            <dd>
              <WebLink url={cost.page}>{cost.page.replace(/^https?:\/\//i, '')}</WebLink>
            </dd>
          </div>
        )}
        <div>
          <dt>This machine</dt>
          <dd data-will={will}>{text}</dd>
        </div>
      </dl>
      {short && (
        <p className={styles['warning']}>There is not enough room: make some on this device first.</p>
      )}
      <div className={styles['actions']}>
        <Button look={['primary']} disabled={busy} onClick={onGet}>
          {action}
        </Button>
      </div>
    </>
  );
}
