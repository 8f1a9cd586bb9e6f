import { useEffect, useState } from 'react';
import type { RefObject } from 'react';
import { textFields } from '../shell/shortcuts.ts';
import { useStores } from '../shared/stores.ts';
import { followGestures } from './gestures.ts';
import { stageCommandOf } from './stageKeys.ts';
import { applyZoom, createStageView, resetWithProject } from './stageView.ts';
import type { StageView } from './stageView.ts';

/** The view of a stage: applied to its pictures, and changed by gestures and keys. */
export function useStageView(stage: RefObject<HTMLElement | null>): StageView {
  const { animation, notices } = useStores();
  const [view] = useState(() =>
    createStageView(() => {
      const { clientWidth = 1, clientHeight = 1 } = stage.current ?? {};
      const { width = 1, height = 1 } = stage.current?.querySelector('canvas') ?? {};
      return { stage: { width: clientWidth, height: clientHeight }, picture: { width, height } };
    }),
  );

  useEffect(() => {
    const { current } = stage;
    if (!current) return;
    const stop = applyZoom(current, view);
    const end = followGestures(current, view);
    return () => {
      stop();
      end();
    };
  }, [stage, view]);

  useEffect(() => resetWithProject(animation, view), [animation, view]);

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const { target } = event;
      if (event.isComposing || event.defaultPrevented || !(target instanceof Element)) return;
      if (document.querySelector(':popover-open, dialog[open]')) return;
      const command = stageCommandOf(event, { isText: target.matches(textFields) });
      if (!command) return;
      event.preventDefault();
      if (command === 'onion') {
        view.toggleOnion();
        notices.announce(view.getState().onion ? 'The frame before shows through.' : 'Onion skin is off.');
        return;
      }
      if (command === 'whole') view.reset();
      else view.step(command === 'in' ? 1 : -1);
      notices.announce(`Zoom ${Math.round(100 * view.getState().zoom.factor)} %.`);
    };
    window.addEventListener('keydown', press);
    return () => {
      window.removeEventListener('keydown', press);
    };
  }, [notices, view]);

  return view;
}
