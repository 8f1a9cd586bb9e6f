import { X } from 'lucide-react';
import { useEffect, useId } from 'react';
import type { ReactNode, RefObject } from 'react';
import { Button } from './Button.tsx';
import styles from './Dialog.module.css';

/** A dialog over the page, open as long as it is there. Whoever shows it can close it by its ref. */
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
  /** In pixels, where the window has so many. */
  readonly width: number;
  /** What stands beside the name. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  readonly onClose: () => void;
}) {
  const title = useId();
  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal();
    // The policy forbids style attributes in markup, and not this.
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
        // What is around the dialog counts as the dialog itself.
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
