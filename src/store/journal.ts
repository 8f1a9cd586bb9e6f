import type { HeldPicture, ProjectDocument, ProjectStart, TreeChange } from '../project/index.ts';
import type { Picture } from '../base/index.ts';
import type { Autosave } from './autosave.ts';
import type { OpenProject } from './page-content.ts';
import type { SettingsStore } from './settings.ts';

/** A change of the project on the page that affects what is stored. */
export type AnimationChange =
  | {
      readonly kind: 'begun';
      readonly document: ProjectDocument;
      readonly picture: Picture;
      readonly original: Blob;
    }
  | { readonly kind: 'tree'; readonly change: TreeChange; readonly pictures: readonly HeldPicture['id'][] }
  | { readonly kind: 'start'; readonly start: ProjectStart; readonly picture: Picture }
  /** The project left the page without frames, so it is not kept. */
  | {
      readonly kind: 'leftEmpty';
      /** Whether frames were made and removed, whose files an undo may need. */
      readonly hadFrames: boolean;
    }
  /** The project is on the page again, from memory. */
  | { readonly kind: 'resumed'; readonly wasEmpty: boolean };

export type ChangeListener = (project: OpenProject, change: AnimationChange) => void;

/** Maximum number of frames in one change: more are split, so that little is repeated after a failure. */
const framesAtOnce = 50;

/** Connects the page to automatic saving: converts changes of the project and of settings to changes to store. */
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

function parts({ added, removed, leafAfter, order }: TreeChange, pictures: ReadonlySet<number>) {
  const remove = removed.map(({ id }) => id);
  if (added.length <= framesAtOnce) {
    const fresh = added.flatMap(({ id }) => (pictures.has(id) ? [id] : []));
    return [{ put: added, remove, leaf: leafAfter, order, pictures: fresh }];
  }
  const count = Math.ceil(added.length / framesAtOnce);
  return Array.from({ length: count }, (_, part) => {
    const put = added.slice(part * framesAtOnce, (part + 1) * framesAtOnce);
    const isLast = part === count - 1;
    return {
      put,
      remove: part === 0 ? remove : [],
      // After an intermediate part, leaf and order must be frames that are already stored.
      leaf: isLast ? leafAfter : (put.at(-1)?.id ?? leafAfter),
      order: isLast ? order : null,
      pictures: put.flatMap(({ id }) => (pictures.has(id) ? [id] : [])),
    };
  });
}
