import { Info } from 'lucide-react';
import type { LoadedModel } from '../../store/index.ts';
import { ModelsButton } from '../library/ModelsButton.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import styles from './Footer.module.css';

/** Footer: the loaded model, its licence and its device. */
export function Footer() {
  const { model } = useStores();
  const loaded = useSelect(model, (state) => state.model);
  return (
    <footer className={styles['footer']}>
      {loaded ? <Facts model={loaded} /> : <span />}
      <ModelsButton area="footer" />
    </footer>
  );
}

function Facts({ model }: { readonly model: LoadedModel }) {
  const { device, name, description, licence } = model;
  const { kind, precision } = device;
  return (
    <>
      {kind === 'cpu' && (
        <p className={styles['slow']}>
          <Info size={16} aria-hidden />
          <span>
            No GPU was found, so Drift runs on the processor: slower, and with the built-in model only.{' '}
            {device.reason}
          </span>
        </p>
      )}
      <dl className={styles['facts']}>
        <div>
          <dt>Model</dt>
          <dd title={description}>{name}</dd>
        </div>
        <div>
          <dt>Licence</dt>
          <dd>{licence}</dd>
        </div>
        <div>
          <dt>Runs on</dt>
          <dd>
            {kind === 'webgpu' ? device.name || 'the GPU' : 'the processor'}, {precision}
          </dd>
        </div>
      </dl>
    </>
  );
}
