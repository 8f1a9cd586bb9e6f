import { Link } from 'lucide-react';
import { Button } from '../shared/Button.tsx';
import { useStores } from '../shared/stores.ts';
import styles from './Controls.module.css';

/** Hands the settings on as an address. */
export function CopyLink() {
  const { sharing } = useStores();
  return (
    <Button look={['quiet', 'small']} className={styles['copy']} onClick={() => void sharing.copyLink()}>
      <Link size={14} aria-hidden />
      Copy settings as a link
    </Button>
  );
}
