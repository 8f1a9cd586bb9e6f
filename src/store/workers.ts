import { connect, diffusionApi, mediaApi, modelsApi, projectsApi } from '../protocol/index.ts';
import type { Connection } from '../protocol/index.ts';

// The build finds workers only if `new Worker(new URL(…))` is one expression.

/** Starts the worker that runs the model. */
export function openDiffusionWorker(): Connection<typeof diffusionApi> {
  const worker = new Worker(new URL('../../workers/diffusion.ts', import.meta.url), {
    type: 'module',
    name: 'diffusion',
  });
  return connect(worker, diffusionApi);
}

/** Starts the worker that decodes pictures and encodes animations. */
export function openMediaWorker(): Connection<typeof mediaApi> {
  const worker = new Worker(new URL('../../workers/media.ts', import.meta.url), {
    type: 'module',
    name: 'media',
  });
  return connect(worker, mediaApi);
}

/** Starts the worker that stores projects on this device. */
export function openProjectsWorker(): Connection<typeof projectsApi> {
  const worker = new Worker(new URL('../../workers/projects.ts', import.meta.url), {
    type: 'module',
    name: 'projects',
  });
  return connect(worker, projectsApi);
}

/** Starts the worker that downloads models and stores them on this device. */
export function openModelsWorker(): Connection<typeof modelsApi> {
  const worker = new Worker(new URL('../../workers/models.ts', import.meta.url), {
    type: 'module',
    name: 'models',
  });
  return connect(worker, modelsApi);
}
