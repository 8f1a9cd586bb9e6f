import { useEffect, useState } from 'react';
import { needsOfExport } from '../../store/index.ts';
import type { ExportNeeds } from '../../store/index.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import type { Draft } from './useDraft.ts';

/** What writing the file takes in this browser. */
export interface DraftNeeds {
  /** As last known, so that a choice of codecs stays while options change. */
  readonly hasAv1: boolean;
  /** Bytes of the program that has to be fetched first; null until that is known. */
  readonly download: number | null;
}

export function useNeeds({ options, placement: { width, height } }: Draft): DraftNeeds {
  const { exporter } = useStores();
  // An export may have fetched what was missing.
  const isIdle = useSelect(exporter, (state) => state.job === null);
  const { format, videoEncoder, webmCodec, frameRate } = options;
  const key = JSON.stringify({ format, videoEncoder, webmCodec, frameRate, width, height });
  const [known, setKnown] = useState<{ readonly key: string; readonly needs: ExportNeeds } | null>(null);
  useEffect(() => {
    if (format === 'drift' || !isIdle) return;
    const stop = new AbortController();
    const take = (needs: ExportNeeds) => {
      if (!stop.signal.aborted) setKnown({ key, needs });
    };
    needsOfExport(options, { width, height }, exporter.sources, stop.signal).then(take, () => {
      // Saving reports the error.
      take({ hasAv1: false, download: 0 });
    });
    return () => {
      stop.abort();
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `key` stands for the options and the size
  }, [exporter, key, isIdle]);
  return {
    hasAv1: known?.needs.hasAv1 ?? false,
    download: known?.key === key ? known.needs.download : null,
  };
}
