import { useEffect, useState } from 'react';
import type { Frame, StartPicture } from '../../store/index.ts';
import { useSelect, useStores } from './stores.ts';

/** URL of the start picture for an `<img>`; null while it is being encoded. */
export function useStartUrl(start: StartPicture | null): string | null {
  const { thumbnails } = useStores();
  const [shown, setShown] = useState<{ readonly of: StartPicture; readonly url: string } | null>(null);
  useEffect(() => {
    if (!start) return;
    return thumbnails.showStart(start, (url) => {
      setShown({ of: start, url });
    });
  }, [thumbnails, start]);
  if (shown && shown.of === start) return shown.url;
  return start && thumbnails.urlOfStart(start);
}

/** URL of a frame's thumbnail for an `<img>`, valid while the component is mounted; null while it is being made. */
export function useFrameUrl(frame: Frame): string | null {
  const { animation, thumbnails } = useStores();
  const project = useSelect(animation, (state) => state.project?.id ?? null);
  const [shown, setShown] = useState<{ readonly of: Frame; readonly url: string } | null>(null);
  useEffect(() => {
    if (project === null) return;
    return thumbnails.showFrame(project, frame, (url) => {
      setShown({ of: frame, url });
    });
  }, [thumbnails, project, frame]);
  if (shown && shown.of === frame) return shown.url;
  return project === null ? null : thumbnails.urlOf(project, frame);
}
