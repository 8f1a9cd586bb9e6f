import { useEffect, useState } from 'react';
import { InputError } from '../../base/index.ts';
import type { EndedRun, NamedFile, Stores } from '../../store/index.ts';
import { useStores } from '../shared/stores.ts';
import { pageTitle } from '../shared/words.ts';
import { droppedFiles } from './dropped.ts';
import { commandFor, historyCommandFor, stepFor, textFields } from './shortcuts.ts';

/** Imports files that were dropped, pasted or handed over by another program. */
export async function takeFiles({ notices, projects }: Stores, dropped: Promise<NamedFile[]>): Promise<void> {
  let files: NamedFile[];
  try {
    files = await dropped;
  } catch (cause) {
    notices.error(
      new InputError('file-unreadable', 'The files could not be read.', {
        remedy: 'They may have been moved or changed: try again.',
        cause,
      }),
    );
    return;
  }
  await projects.importFiles(files);
}

/** Accepts files dropped anywhere on the page. Returns whether something is being dragged over it. */
export function useDrop(): boolean {
  const stores = useStores();
  const [dragging, setDragging] = useState(false);
  useEffect(() => {
    // `dragenter` of a child fires before `dragleave` of its parent, so the nesting depth says when the page is left.
    let depth = 0;
    // A dropped link would navigate away and lose the frames, so it is caught too, except in a textarea, where it is
    // text.
    const carries = ({ dataTransfer, target }: DragEvent) =>
      dataTransfer?.types.includes('Files') ||
      (dataTransfer?.types.includes('text/uri-list') && !(target instanceof HTMLTextAreaElement));
    const change = (by: number) => (event: DragEvent) => {
      if (!carries(event)) return;
      depth = Math.max(0, depth + by);
      setDragging(depth > 0);
    };
    const end = () => {
      depth = 0;
      setDragging(false);
    };
    const events = new AbortController();
    const { signal } = events;
    window.addEventListener('dragenter', change(1), { signal });
    window.addEventListener('dragleave', change(-1), { signal });
    // Pointers do not move during a drag. One that ended without `dragleave`, as when the element below it was removed,
    // is over.
    window.addEventListener(
      'pointermove',
      () => {
        if (depth > 0) end();
      },
      { signal },
    );
    window.addEventListener(
      'dragover',
      (event) => {
        if (!carries(event)) return;
        event.preventDefault();
        if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
      },
      { signal },
    );
    window.addEventListener(
      'drop',
      (event) => {
        end();
        if (!carries(event)) return;
        event.preventDefault();
        void takeFiles(stores, droppedFiles(event.dataTransfer));
      },
      { signal },
    );
    return () => {
      events.abort();
    };
  }, [stores]);
  return dragging;
}

/**
 * Whether text is pasted into a field. Office programs copy text together with a picture of it; the text takes
 * precedence.
 */
function isTextForField({ clipboardData, target }: ClipboardEvent): boolean {
  const isField = target instanceof Element && target.matches(textFields);
  return isField && (clipboardData?.types.includes('text/plain') ?? false);
}

/** Accepts pictures pasted anywhere on the page; text pasted into a field is left to the browser. */
export function usePaste(): void {
  const stores = useStores();
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      if (!event.clipboardData?.files.length || isTextForField(event)) return;
      event.preventDefault();
      void takeFiles(stores, droppedFiles(event.clipboardData));
    };
    window.addEventListener('paste', paste);
    return () => {
      window.removeEventListener('paste', paste);
    };
  }, [stores]);
}

/** Handles the keyboard shortcuts of the page, unless a dialog is open or the focused element uses the key. */
export function useKeys(): void {
  const { animation, generation, history, pick, player } = useStores();
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const { key, target } = event;
      // During IME composition keys choose among candidates.
      if (event.isComposing) return;
      if (event.defaultPrevented || !(target instanceof Element)) return;
      if (document.querySelector(':popover-open, dialog[open]')) return;
      const focus = {
        tag: target.tagName.toLowerCase(),
        role: target.getAttribute('role'),
        isText: target.matches(textFields),
      };
      const historyCommand = historyCommandFor(event, focus);
      if (historyCommand) {
        event.preventDefault();
        void history[historyCommand]();
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const command = commandFor(key, focus);
      if (command === 'stop') {
        generation.stop();
        pick.stop();
      }
      const frames = animation.getState().frames.length;
      // Without frames the keys keep their default action, such as scrolling.
      if (!command || command === 'stop' || frames === 0) return;
      event.preventDefault();
      if (command === 'step') player.step(stepFor(key, frames) ?? 0);
      else if (player.getState().playing) player.pause();
      else player.play();
    };
    window.addEventListener('keydown', press);
    return () => {
      window.removeEventListener('keydown', press);
    };
  }, [animation, generation, history, pick, player]);
}

/** Shows progress in the document's title, and the end of a run until the tab is visible again. */
export function useTitle(): void {
  const { generation, model, pick, environment } = useStores();
  useEffect(() => {
    const { visibility } = environment;
    let ended: EndedRun | null = null;
    const update = () => {
      const loading = model.getState().status === 'loading';
      const title = pageTitle(generation.getState().run, pick.getState().round, loading, ended);
      if (document.title !== title) document.title = title;
    };
    update();
    const stops = [
      ...[generation, model, pick].map((store) => store.subscribe(update)),
      generation.onEnd((run) => {
        ended = visibility.isHidden() ? run : null;
        update();
      }),
      visibility.onChange(() => {
        if (!visibility.isHidden()) ended = null;
        update();
      }),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [generation, model, pick, environment]);
}

/** Asks before the tab closes if there are unsaved frames, a run in progress, or queued runs. */
export function useLeaveGuard(): void {
  const { animation, generation, queue } = useStores();
  useEffect(() => {
    const guard = (event: BeforeUnloadEvent) => {
      const isBusy = generation.getState().run !== null || queue.getState().runs.length > 0;
      if (animation.getState().unsaved || isBusy) event.preventDefault();
    };
    window.addEventListener('beforeunload', guard);
    return () => {
      window.removeEventListener('beforeunload', guard);
    };
  }, [animation, generation, queue]);
}
