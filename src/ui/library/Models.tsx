import { Suspense } from 'react';
import { lazyDialog } from '../shared/lazyPart.tsx';
import { useSelect, useStores } from '../shared/stores.ts';

const ModelsDialog = lazyDialog('Models', async () => (await import('./ModelsDialog.tsx')).ModelsDialog);

/** The Models dialog while it is open. */
export function Models() {
  const { models } = useStores();
  const dialog = useSelect(models, (state) => state.dialog);
  if (!dialog) return null;
  return (
    <Suspense>
      <ModelsDialog address={dialog.address} onClose={models.hide} />
    </Suspense>
  );
}
