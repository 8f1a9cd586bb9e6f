import { Box } from 'lucide-react';
import { Suspense } from 'react';
import { Button } from '../shared/Button.tsx';
import { lazyDialog } from '../shared/lazyPart.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { fetchWords } from '../shared/words.ts';

const ModelsDialog = lazyDialog('Models', async () => (await import('./ModelsDialog.tsx')).ModelsDialog);

/** Button that opens the Models dialog; shows the progress of a download in percent. */
export function ModelsButton() {
  const { models } = useStores();
  const fetch = useSelect(models, (state) => state.fetch);
  const dialog = useSelect(models, (state) => state.dialog);
  return (
    <>
      <Button
        look={['small']}
        aria-haspopup="dialog"
        title="Get, choose and remove models"
        onClick={() => {
          models.show();
        }}
      >
        <Box size={16} aria-hidden />
        Models{fetch && ` · ${Math.floor(100 * fetchWords(fetch).fraction)} %`}
      </Button>
      {dialog && (
        <Suspense>
          <ModelsDialog address={dialog.address} onClose={models.hide} />
        </Suspense>
      )}
    </>
  );
}
