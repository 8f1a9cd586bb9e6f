import { useEffect, useState } from 'react';
import { isAbort } from '../../base/index.ts';
import { estimateExport } from '../../store/index.ts';
import { useStores } from '../shared/stores.ts';
import type { Draft } from './useDraft.ts';

/** Debounce of the estimate, in milliseconds: options change with every key that is typed. */
const pause = 400;

/**
 * Estimated size of the file in bytes, from encoding its first frames. Unknown while a program would have to be fetched
 * for it: only Save does that.
 *
 * @param download - bytes to be fetched first; null if that is not known yet
 */
export function useEstimate(
  { request, valid }: Draft,
  download: number | null,
): number | 'measuring' | 'unknown' {
  const { exporter } = useStores();
  // The request is a new object on every render; its JSON says whether anything changed.
  const key = JSON.stringify(request);
  const [known, setKnown] = useState<{ readonly key: string; readonly bytes: number | null } | null>(null);
  const isPossible = valid && request.options.format !== 'drift';
  const wanted = isPossible && download === 0;
  useEffect(() => {
    if (!wanted) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      estimateExport(request, exporter.sources, stop.signal).then(
        (bytes) => {
          if (!stop.signal.aborted) setKnown({ key, bytes });
        },
        (error: unknown) => {
          // Saving reports the error.
          if (!stop.signal.aborted && !isAbort(error)) setKnown({ key, bytes: null });
        },
      );
    }, pause);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `key` stands for `request`
  }, [exporter, key, wanted]);
  if (isPossible && download === null) return 'measuring';
  if (!wanted) return 'unknown';
  if (known?.key !== key) return 'measuring';
  return known.bytes ?? 'unknown';
}
