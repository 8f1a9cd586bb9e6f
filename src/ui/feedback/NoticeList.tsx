import { Info, TriangleAlert, X } from 'lucide-react';
import { useState } from 'react';
import type { Notice } from '../../store/index.ts';
import { Button } from '../shared/Button.tsx';
import { classes } from '../shared/classes.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import styles from './NoticeList.module.css';

/** Maximum number of notices shown at once; the others follow as these are dismissed. */
const shownAtOnce = 3;

/** List of errors and messages. Each stays until it is dismissed; a new one never replaces an older one. */
export function NoticeList({
  over = false,
  isShown = () => true,
}: {
  /** Whether the list is overlaid on the picture. */
  readonly over?: boolean;
  readonly isShown?: (notice: Notice) => boolean;
}) {
  const stores = useStores();
  const all = useSelect(stores.notices, (state) => state.notices);
  const notices = all.filter(isShown);
  const waiting = notices.length - shownAtOnce;
  return (
    <div className={classes(styles['notices'], over && styles['over'])}>
      {notices.slice(0, shownAtOnce).map((notice) => (
        <NoticeCard
          key={notice.id}
          notice={notice}
          onDismiss={() => {
            stores.notices.dismiss(notice.id);
          }}
        />
      ))}
      {waiting > 0 && <p className={styles['waiting']}>{waiting} more below these.</p>}
    </div>
  );
}

/**
 * Notices for an open dialog: those raised since it opened, and those on its topics. The page's own list is inert while
 * the dialog is open, and keeps all others, such as those about the animation.
 */
export function DialogNotices({ topics = [] }: { readonly topics?: readonly string[] }) {
  const { notices } = useStores();
  const [before] = useState(() => notices.getState().notices.at(-1)?.id ?? 0);
  return <NoticeList isShown={({ id, topic }) => id > before || topics.includes(topic)} />;
}

function NoticeCard({ notice, onDismiss }: { readonly notice: Notice; readonly onDismiss: () => void }) {
  const { kind, message, remedy, kept, actions, technical, count } = notice;
  const isError = kind === 'error';
  const Icon = isError ? TriangleAlert : Info;
  return (
    <div
      role={isError ? 'alert' : 'status'}
      className={classes(styles['notice'], isError && styles['error'])}
    >
      <Icon className={styles['icon']} size={20} aria-hidden />
      <div className={styles['words']}>
        <p className={styles['message']}>
          {message}
          {count > 1 && <span className={styles['count']}> ({count} times)</span>}
        </p>
        {(remedy || kept) && (
          <p>
            {remedy} {kept}
          </p>
        )}
        {technical && (
          <details className={styles['technical']}>
            <summary>Technical details</summary>
            <pre>{technical}</pre>
          </details>
        )}
      </div>
      <div className={styles['actions']}>
        {actions.map(({ label, run }) => (
          <Button key={label} look={['small']} onClick={run}>
            {label}
          </Button>
        ))}
        <Button look={['quiet', 'icon', 'small']} onClick={onDismiss}>
          <X size={16} aria-hidden />
          <span className="hidden-text">Dismiss</span>
        </Button>
      </div>
    </div>
  );
}
