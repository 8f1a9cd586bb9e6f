import type { ProjectKeeper } from '../project/index.ts';
import type { projectsApi } from './projects.ts';
import type { Handlers } from './server.ts';

const answer = async <T>(value: Promise<T>) => ({ value: await value, transfer: [] });

/** The methods of the projects worker, wherever its keeper keeps things: in a browser's storage, or a test's memory. */
export function keeping(keeper: ProjectKeeper): Handlers<typeof projectsApi> {
  return {
    list: () => answer(keeper.list()),
    tidy: () => answer(keeper.tidy()),
    create: ({ id, document, start, original }) => answer(keeper.create(id, document, start, original)),
    open: ({ id }, { signal, emit }) =>
      answer(
        keeper.open(id, signal, (kept, done, of) => {
          emit({ ...kept, done, of }, [kept.picture.data.buffer]);
        }),
      ),
    resume: ({ id }) => answer(keeper.resume(id)),
    pictures: ({ id, frames }, { signal, emit }) =>
      answer(
        keeper.pictures(id, frames, signal, (kept, done, of) => {
          emit({ ...kept, done, of }, [kept.picture.data.buffer]);
        }),
      ),
    append: ({ id, node, picture }) => answer(keeper.append(id, node, picture)),
    replaceStart: ({ id, start, picture }) => answer(keeper.replaceStart(id, start, picture)),
    update: ({ id, ...change }) => answer(keeper.update(id, change)),
    removeFrames: ({ id, frames, leaf }) => answer(keeper.removeFrames(id, frames, leaf)),
    restoreFrames: ({ id, frames, leaf }) => answer(keeper.restoreFrames(id, frames, leaf)),
    rename: ({ id, name }) => answer(keeper.rename(id, name)),
    duplicate: ({ id, copy, name }, { signal }) => answer(keeper.duplicate(id, copy, name, signal)),
    remove: ({ id }) => answer(keeper.remove(id)),
    restore: ({ id }) => answer(keeper.restore(id)),
    purge: ({ id }) => answer(keeper.purge(id)),
    export: ({ id, current }, { signal, emit }) =>
      answer(keeper.export(id, current, { signal, onProgress: emit })),
    import: ({ file, id }, { signal, emit }) => answer(keeper.import(file, id, { signal, onProgress: emit })),
  };
}
