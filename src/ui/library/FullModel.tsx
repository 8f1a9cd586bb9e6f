import { Button } from '../shared/Button.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { LookCard } from './LookCard.tsx';
import styles from './ModelsDialog.module.css';

/** Name of the recommended model, shown until its manifest has been fetched. */
const fullName = 'Stable Diffusion image variations';
/** Its id, which is also its folder in storage. */
const fullId = 'sd-image-variations';

/** Offers the recommended model unless it is installed or a model is being fetched. */
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
        {/* No server is contacted before this button is pressed. */}
        <Button look={['primary']} onClick={() => void models.look({ kind: 'full' })}>
          Get the full model
        </Button>
      </div>
      <p className={styles['note']}>You see first what it costs and whether this machine will do.</p>
    </section>
  );
}
