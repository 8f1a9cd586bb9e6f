import { X } from 'lucide-react';
import { useEffect, useId } from 'react';
import type { ReactNode, RefObject } from 'react';
import { Button } from './Button.tsx';
import styles from './Dialog.module.css';

/** Modal dialog, open while it is mounted. The parent can close it through the ref. */
export function Dialog({
  dialog,
  name,
  width,
  actions,
  children,
  onClose,
}: {
  readonly dialog: RefObject<HTMLDialogElement | null>;
  readonly name: string;
  /** Maximum width in pixels. */
  readonly width: number;
  /** Buttons beside the title. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  readonly onClose: () => void;
}) {
  const title = useId();
  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal();
    // The content security policy forbids style attributes in markup, but not setting styles from scripts.
    dialog.current?.style.setProperty('--dialog-width', `${width}px`);
  }, [dialog, width]);
  const close = () => dialog.current?.close();
  return (
    <dialog
      ref={dialog}
      className={styles['dialog']}
      aria-labelledby={title}
      onClose={onClose}
      onClick={({ target, currentTarget }) => {
        // Clicks on the backdrop have the dialog itself as their target.
        if (target === currentTarget) close();
      }}
    >
      <div className={styles['inside']}>
        <div className={styles['head']}>
          <h2 id={title} className={styles['title']}>
            {name}
          </h2>
          {actions}
          <Button look={['quiet', 'icon']} title="Close (Escape)" onClick={close}>
            <X size={20} aria-hidden />
            <span className="hidden-text">Close</span>
          </Button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
