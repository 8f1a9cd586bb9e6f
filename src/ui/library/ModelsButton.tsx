import { Box } from 'lucide-react';
import { Button } from '../shared/Button.tsx';
import { classes } from '../shared/classes.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import { fetchWords } from '../shared/words.ts';
import styles from './ModelsButton.module.css';

/**
 * Chip with the name of the loaded model, which opens the Models dialog; shows the progress of a download in percent. It
 * is in the header, or in the footer where the header has no room, never in both.
 */
export function ModelsButton({ area }: { readonly area: 'header' | 'footer' }) {
  const { model, models } = useStores();
  const loaded = useSelect(model, (state) => state.model?.name ?? null);
  const fetch = useSelect(models, (state) => state.fetch);
  const progress = fetch && `${Math.floor(100 * fetchWords(fetch).fraction)} %`;
  return (
    <Button
      className={classes(styles['chip'], styles[area])}
      aria-haspopup="dialog"
      aria-label={['Models', loaded && `: ${loaded}`, progress && `, ${progress}`].filter(Boolean).join('')}
      title="The loaded model. Get, choose and remove models"
      onClick={() => {
        models.show();
      }}
    >
      <Box size={18} aria-hidden />
      <span className={styles['name']}>{loaded ?? 'Models'}</span>
      {progress && <span className={styles['progress']}>{progress}</span>}
    </Button>
  );
}
