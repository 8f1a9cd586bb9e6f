import { Box } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../shared/Button.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { fetchWords } from '../shared/words.ts';
import { ModelsDialog } from './ModelsDialog.tsx';

/** The way to the models, and how far the one is that is being fetched. */
export function ModelsButton() {
  const { models } = useStores();
  const fetch = useSelect(models, (state) => state.fetch);
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button
        look={['small']}
        aria-haspopup="dialog"
        title="Get, choose and remove models"
        onClick={() => {
          setOpen(true);
        }}
      >
        <Box size={16} aria-hidden />
        Models{fetch && ` · ${Math.floor(100 * fetchWords(fetch).fraction)} %`}
      </Button>
      {open && (
        <ModelsDialog
          onClose={() => {
            setOpen(false);
          }}
        />
      )}
    </>
  );
}
