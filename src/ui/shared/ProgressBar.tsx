import styles from './ProgressBar.module.css';

/** Progress bar; `fraction` is from 0 to 1. */
export function ProgressBar({ label, fraction }: { readonly label: string; readonly fraction: number }) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(100 * fraction)}
      className={styles['track']}
    >
      <div className={styles['fill']} style={{ transform: `scaleX(${fraction})` }} />
    </div>
  );
}
