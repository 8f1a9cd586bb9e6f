import { X } from 'lucide-react';
import { useEffect, useId, useRef } from 'react';
import { Notices } from '../feedback/Notices.tsx';
import { Button } from '../shared/Button.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { bytes } from '../shared/words.ts';
import { AddModel } from './AddModel.tsx';
import { FetchCard } from './FetchCard.tsx';
import { FullModel } from './FullModel.tsx';
import { InstalledModels } from './InstalledModels.tsx';
import styles from './ModelsDialog.module.css';

/** All models, and what can be done with them. */
export function ModelsDialog({ onClose }: { readonly onClose: () => void }) {
  const { models } = useStores();
  const installed = useSelect(models, (state) => state.installed);
  const free = useSelect(models, (state) => state.free);
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();

  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal();
    void models.refresh();
  }, [models]);

  const close = () => dialog.current?.close();
  const used = (installed ?? []).reduce((sum, model) => sum + model.bytes, 0);
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
            Models
          </h2>
          <Button look={['quiet', 'icon']} title="Close (Escape)" onClick={close}>
            <X size={20} aria-hidden />
            <span className="hidden-text">Close</span>
          </Button>
        </div>
        <Notices />
        <FetchCard />
        <FullModel />
        <InstalledModels />
        <AddModel />
        <p className={styles['note']}>
          {used > 0 ? `Models take ${bytes(used)} on this device` : 'No models are stored on this device yet'}
          {free === null ? '.' : `; ${bytes(free)} are free.`} They are kept in this browser and work without
          a network.
        </p>
      </div>
    </dialog>
  );
}
