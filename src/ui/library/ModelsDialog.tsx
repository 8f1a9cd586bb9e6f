import { useEffect, useRef } from 'react';
import { modelTopics } from '../../store/index.ts';
import { DialogNotices } from '../feedback/NoticeList.tsx';
import { Dialog } from '../shared/Dialog.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { bytes } from '../shared/words.ts';
import { AddModel } from './AddModel.tsx';
import { FetchCard } from './FetchCard.tsx';
import { FullModel } from './FullModel.tsx';
import { InstalledModels } from './InstalledModels.tsx';
import styles from './ModelsDialog.module.css';

/** Models dialog: download, add, select, verify and remove models. */
export function ModelsDialog({
  address,
  onClose,
}: {
  /** Initial address in “Add a model”, or empty. */
  readonly address: string;
  readonly onClose: () => void;
}) {
  const { models } = useStores();
  const installed = useSelect(models, (state) => state.installed);
  const free = useSelect(models, (state) => state.free);

  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    void models.refresh();
  }, [models]);

  const used = (installed ?? []).reduce((sum, model) => sum + model.bytes, 0);
  return (
    <Dialog dialog={dialog} name="Models" width={680} onClose={onClose}>
      <DialogNotices topics={modelTopics} />
      <FetchCard />
      <FullModel />
      <InstalledModels />
      <AddModel key={address} address={address} />
      <p className={styles['note']}>
        {used > 0 ? `Models take ${bytes(used)} on this device` : 'No models are stored on this device yet'}
        {free === null ? '.' : `; ${bytes(free)} are free.`} They are kept in this browser and work without a
        network.
      </p>
    </Dialog>
  );
}
