import { Download } from 'lucide-react';
import { Suspense, useId, useState } from 'react';
import { Button } from '../shared/Button.tsx';
import { lazyDialog } from '../shared/lazyPart.tsx';
import { useSelect, useStores } from '../shared/stores.ts';

const ExportDialog = lazyDialog('Export', async () => (await import('./ExportDialog.tsx')).ExportDialog);

/** Button that opens the Export dialog; the dialog's code is loaded on first use. */
export function ExportButton() {
  const { animation } = useStores();
  const empty = useSelect(animation, (state) => state.frames.length === 0);
  const [open, setOpen] = useState(false);
  const hint = useId();
  return (
    <>
      <Button
        aria-haspopup="dialog"
        title="More formats, sizes and timing, with a preview"
        disabled={empty}
        aria-describedby={empty ? hint : undefined}
        onClick={() => {
          setOpen(true);
        }}
      >
        <Download size={16} aria-hidden />
        Export
      </Button>
      <span id={hint} hidden>
        There is nothing to export yet.
      </span>
      {open && (
        <Suspense>
          <ExportDialog
            onClose={() => {
              setOpen(false);
            }}
          />
        </Suspense>
      )}
    </>
  );
}
