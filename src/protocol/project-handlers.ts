import type { ProjectKeeper } from '../project/index.ts';
import type { projectsApi } from './projects.ts';
import type { Handlers } from './server.ts';

const answer = async <T>(value: Promise<T>) => ({ value: await value, transfer: [] });

/** Handlers of the projects worker on top of a `ProjectKeeper`, whatever its storage. */
export function projectHandlers(keeper: ProjectKeeper): Handlers<typeof projectsApi> {
  return {
    list: () => answer(keeper.list()),
    tidy: () => answer(keeper.tidy()),
    create: ({ id, document, start, original }) => answer(keeper.create(id, document, start, original)),
    open: ({ id }, { signal }) => answer(keeper.open(id, signal)),
    resume: ({ id }) => answer(keeper.resume(id)),
    replaceStart: ({ id, start, picture }) => answer(keeper.replaceStart(id, start, picture)),
    update: ({ id, settings }) => answer(keeper.update(id, settings)),
    changeTree: ({ id, change, pictures }) => answer(keeper.changeTree(id, change, pictures)),
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
