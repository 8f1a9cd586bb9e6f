/** Entry point of the projects worker: encodes and stores frames off the page's thread. */
import { ProjectKeeper } from '../src/project/keeper.ts';
import { projectHandlers, projectsApi, serve } from '../src/protocol/index.ts';
import { ScratchFiles } from './scratch.ts';
import { measureFreeSpace, privateFiles, projectLocks } from './storage.ts';

const scratch = new ScratchFiles();
const keeper = new ProjectKeeper({
  files: privateFiles(),
  locks: projectLocks(),
  freeSpace: measureFreeSpace,
  database: 'drift',
  now: () => new Date(),
  createOutput: scratch.create,
});

const handlers = projectHandlers(keeper);
serve(self, projectsApi, {
  ...handlers,
  async tidy(...call) {
    await scratch.tidy();
    return handlers.tidy(...call);
  },
});
