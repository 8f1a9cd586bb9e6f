import { Button } from '../shared/Button.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { LookCard } from './LookCard.tsx';
import styles from './ModelsDialog.module.css';

/** The name of the model that Drift recommends, before anybody has asked for it. */
const fullName = 'Stable Diffusion image variations';
/** Its folder on this device. */
const fullId = 'sd-image-variations';

/** The model that Drift recommends, as long as it is not here. */
export function FullModel() {
  const { models } = useStores();
  const full = useSelect(models, (state) => state.full);
  const here = useSelect(
    models,
    ({ installed, fetch }) =>
      installed === null || fetch !== null || installed.some(({ id }) => id === fullId),
  );
  if (here) return null;
  if (full) return <LookCard look={full} name={fullName} action="Download" />;
  return (
    <section className={styles['card']} aria-label={fullName}>
      <h3 className={styles['name']}>{fullName}</h3>
      <p>What Drift was made for: pictures of anything, at 512 × 512. It takes a GPU and some gigabytes.</p>
      <div className={styles['actions']}>
        {/* Nobody's server is asked for anything before this is pressed. */}
        <Button look={['primary']} onClick={() => void models.look({ kind: 'full' })}>
          Get the full model
        </Button>
      </div>
      <p className={styles['note']}>You see first what it costs and whether this machine will do.</p>
    </section>
  );
}
