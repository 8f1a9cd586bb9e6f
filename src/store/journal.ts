import type { HeldPicture, ProjectDocument, ProjectStart, TreeChange } from '../project/index.ts';
import type { Picture } from '../base/index.ts';
import type { Autosave } from './autosave.ts';
import type { OpenProject } from './content.ts';
import type { SettingsStore } from './settings.ts';

/** What happens to the project on the page, as far as it is to be kept. */
export type AnimationChange =
  | {
      readonly kind: 'begun';
      readonly document: ProjectDocument;
      readonly picture: Picture;
      readonly original: Blob;
    }
  | { readonly kind: 'tree'; readonly change: TreeChange; readonly pictures: readonly HeldPicture['id'][] }
  | { readonly kind: 'start'; readonly start: ProjectStart; readonly picture: Picture }
  /** It has left the page with nothing in it that is worth keeping. */
  | {
      readonly kind: 'leftEmpty';
      /** Frames were made in it and deleted: undo may still want their files. */
      readonly hadFrames: boolean;
    }
  /** It has come back to the page, which has everything of it. */
  | { readonly kind: 'resumed'; readonly wasEmpty: boolean };

export type ChangeListener = (project: OpenProject, change: AnimationChange) => void;

/** Frames that are written in one change; more become several, so that little is done again where one fails. */
const framesAtOnce = 50;

/** Journals what is changed on the page: every change of a project goes from here to where it is kept. */
export function createJournal({
  autosave,
  onChange,
  project,
  settings,
}: {
  autosave: Autosave;
  onChange: (listener: ChangeListener) => void;
  project: () => OpenProject | null;
  settings: SettingsStore;
}): void {
  onChange(({ id, readOnly }, change) => {
    if (readOnly) return;
    switch (change.kind) {
      case 'begun': {
        const { document, picture, original } = change;
        autosave.push({ kind: 'create', id, document, picture, original });
        return;
      }
      case 'tree':
        for (const part of parts(change.change, new Set(change.pictures))) {
          autosave.push({ kind: 'tree', id, ...part });
        }
        return;
      case 'start': {
        const { start, picture } = change;
        autosave.push({ kind: 'replaceStart', id, start, picture });
        return;
      }
      case 'leftEmpty':
        autosave.push({ kind: change.hadFrames ? 'remove' : 'purge', id });
        return;
      case 'resumed':
        if (change.wasEmpty) autosave.push({ kind: 'restore', id });
        autosave.push({ kind: 'resume', id });
    }
  });

  settings.subscribe(({ values }, before) => {
    const open = project();
    if (values === before.values || !open || open.readOnly) return;
    autosave.push({ kind: 'update', id: open.id, settings: values });
  });
}

function parts({ added, removed, leafAfter }: TreeChange, pictures: ReadonlySet<number>) {
  const remove = removed.map(({ id }) => id);
  if (added.length <= framesAtOnce) {
    const fresh = added.flatMap(({ id }) => (pictures.has(id) ? [id] : []));
    return [{ put: added, remove, leaf: leafAfter, pictures: fresh }];
  }
  const count = Math.ceil(added.length / framesAtOnce);
  return Array.from({ length: count }, (_, part) => {
    const put = added.slice(part * framesAtOnce, (part + 1) * framesAtOnce);
    const isLast = part === count - 1;
    return {
      put,
      remove: part === 0 ? remove : [],
      // In between, the animation ends with what is there.
      leaf: isLast ? leafAfter : (put.at(-1)?.id ?? leafAfter),
      pictures: put.flatMap(({ id }) => (pictures.has(id) ? [id] : [])),
    };
  });
}
