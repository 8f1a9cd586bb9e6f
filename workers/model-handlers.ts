/** Handlers of the models worker, independent of the storage. */
import { DriftError, ModelError, errorToWire } from '../src/base/index.ts';
import {
  folderSource,
  hubSource,
  install,
  listInstalled,
  manifestSource,
  planInstall,
  problemsOf,
  removeInstalled,
  stableDiffusionVariations,
  verifyInstalled,
} from '../src/models/install/index.ts';
import type {
  InstallNotice,
  InstallPlan,
  InstallProgress,
  LocalFolder,
  ModelFiles,
  ModelSource,
} from '../src/models/install/index.ts';
import { needsOf } from '../src/models/needs.ts';
import type { ModelNeeds } from '../src/models/needs.ts';
import { targetFor } from '../src/models/model.ts';
import { blobSource } from '../src/models/source.ts';
import { usableSettings } from '../src/project/index.ts';
import type { Device, Handlers, ModelCost, WantedModel, modelsApi } from '../src/protocol/index.ts';

/** Storage of models, with locks. */
export interface ModelStorage {
  readonly files: ModelFiles;
  /**
   * Locks a model, in all tabs: `shared` against changes, `exclusive` also against use.
   *
   * @returns a function that releases the lock, or null if another holder has it
   */
  hold(id: string, mode: 'exclusive' | 'shared'): Promise<(() => void) | null>;
}

/** Network options, mostly for tests: see `InstallOptions`. */
export interface FetchOptions {
  readonly fetch?: typeof fetch;
  readonly wait?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  readonly connections?: number;
  readonly chunkLength?: number;
}

/**
 * Runs `work` with a model locked.
 *
 * @throws ModelError `model-busy` if another holder has it
 */
export async function withModelLock<T>(
  storage: ModelStorage,
  id: string,
  mode: 'exclusive' | 'shared',
  work: () => Promise<T>,
): Promise<T> {
  const letGo = await holdModel(storage, id, mode);
  try {
    return await work();
  } finally {
    letGo();
  }
}

/**
 * Locks a model; returns a function that releases it.
 *
 * @throws ModelError `model-busy` if another holder has it
 */
export async function holdModel(
  storage: Pick<ModelStorage, 'hold'>,
  id: string,
  mode: 'exclusive' | 'shared',
): Promise<() => void> {
  const letGo = await storage.hold(id, mode);
  if (letGo) return letGo;
  throw mode === 'exclusive'
    ? new ModelError('model-busy', 'This model is being downloaded or used in another tab.', {
        remedy: 'Wait until that is done or close the other tab, then try again.',
        details: { id },
      })
    : new ModelError('model-busy', 'This model is being downloaded or removed in another tab.', {
        remedy: 'Wait until that is done, then try again.',
        details: { id },
      });
}

/** Creates the handlers of the models worker. */
export function modelHandlers(
  storage: ModelStorage,
  fetching: FetchOptions = {},
): Handlers<typeof modelsApi> {
  const { files } = storage;

  /** Resolves a request to a source, and the network options for its files. */
  async function find(wanted: WantedModel, hub: string | null, signal: AbortSignal) {
    const network = { ...fetching, ...(hub !== null && { base: hub }) };
    switch (wanted.kind) {
      case 'full':
        return { source: stableDiffusionVariations, network };
      case 'hub':
        return { source: await hubSource(wanted.repository, { ...network, signal }), network };
      case 'manifest':
        return { source: await manifestSource(wanted.url, { ...network, signal }), network };
      case 'folder': {
        const folder = chosenFolder(wanted.name, wanted.files);
        return { source: await folderSource(folder, signal), network: { ...network, folder } };
      }
      case 'installed':
        return { source: await knownSource(wanted.id), network };
    }
  }

  /** @throws ModelError `not-installed` or `folder-needed` */
  async function knownSource(id: string): Promise<ModelSource> {
    const found = (await listInstalled(files)).find((model) => model.id === id);
    if (!found) {
      throw new ModelError('not-installed', `There is no model called ${id} on this device.`, {
        remedy: 'Download it first.',
        details: { id },
      });
    }
    if (found.source.folder === undefined) return found.source;
    throw new ModelError('folder-needed', `${found.name} came from the folder “${found.source.folder}”.`, {
      remedy: 'Choose that folder again under “Add a model”: what is here already stays.',
      details: { id, folder: found.source.folder },
    });
  }

  return {
    list: async () => {
      const [models, free] = await Promise.all([listInstalled(files), files.freeSpace()]);
      return {
        value: {
          models: models.map(({ source, ...model }) => ({
            ...model,
            fromFolder: source.folder !== undefined,
            origin: source.origin ?? null,
          })),
          free,
        },
        transfer: [],
      };
    },

    look: async ({ wanted, hub, device }, { signal }) => {
      try {
        const { source, network } = await find(wanted, hub, signal);
        const plan = await planInstall(source, { ...network, signal });
        return {
          value: { kind: 'cost' as const, cost: costOf(plan, device), free: await files.freeSpace() },
          transfer: [],
        };
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof DriftError)) throw error;
        const [first, ...others] = problemsOf(error).map(errorToWire);
        return {
          value: { kind: 'problems' as const, problems: [first ?? errorToWire(error), ...others] },
          transfer: [],
        };
      }
    },

    get: async ({ wanted, hub }, { signal, emit }) => {
      const onProgress = (progress: InstallProgress) => {
        emit({ kind: 'progress', ...progress });
      };
      const onNotice = ({ kind, message }: InstallNotice) => {
        emit({ kind: 'notice', about: kind, message });
      };
      const { source, network } = await find(wanted, hub, signal);
      emit({ kind: 'begun', ...labelOf(source) });
      await withModelLock(storage, source.id, 'exclusive', () =>
        install(source, files, { ...network, signal, onProgress, onNotice }),
      );
      return { value: { id: source.id }, transfer: [] };
    },

    verify: async ({ id }, { signal, emit }) => {
      const damage = await withModelLock(storage, id, 'shared', () =>
        verifyInstalled(files, id, {
          signal,
          onProgress: (progress) => {
            emit({ kind: 'progress', ...progress });
          },
        }),
      );
      return { value: { damaged: damage.length }, transfer: [] };
    },

    remove: async ({ id }) => {
      await withModelLock(storage, id, 'exclusive', () => removeInstalled(files, id));
      return { value: {}, transfer: [] };
    },
  };
}

function labelOf({ id, name, description, licence, licenceUrl, page }: ModelSource) {
  return { id, name, description, licence, licenceUrl: licenceUrl ?? null, page: page ?? null };
}

function costOf(plan: InstallPlan, device: Device | undefined): ModelCost {
  const { source, downloadBytes, storedBytes } = plan;
  const parts = new Map<string, { part: string; downloadBytes: number; storedBytes: number }>();
  for (const file of plan.parts) {
    const sum = parts.get(file.part) ?? { part: file.part, downloadBytes: 0, storedBytes: 0 };
    sum.downloadBytes += file.downloadBytes;
    sum.storedBytes += file.storedBytes;
    parts.set(file.part, sum);
  }
  const { memory, lowMemory, problem, largestSide } = needsOn(plan, device);
  return {
    ...labelOf(source),
    size: source.size,
    downloadBytes,
    storedBytes,
    memory,
    lowMemory,
    problem: problem && { message: problem.message, remedy: problem.remedy },
    largestSide,
    parts: [...parts.values()].sort((a, b) => b.downloadBytes - a.downloadBytes),
  };
}

/** Memory needs of a model for its default picture size. */
function needsOn({ source, headers, parts }: InstallPlan, device: Device | undefined): ModelNeeds {
  const { name, size, defaults } = source;
  const { width = size, height = size } = usableSettings(defaults);
  const stored = (tower: string) =>
    parts.filter(({ part }) => part === tower).reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  const target = device
    ? targetFor(device.precision, device.kind === 'webgpu' && device.software, device.limits)
    : targetFor('float16', false);
  return needsOf(
    {
      name,
      headers,
      towers: { image: stored('image encoder'), text: stored('text encoder') },
      picture: { width, height },
    },
    { ...target, processor: device?.kind === 'cpu' },
  );
}

/** A folder chosen by the user, as a list of files. */
function chosenFolder(
  name: string,
  files: readonly { readonly path: string; readonly file: Blob }[],
): LocalFolder {
  const byPath = new Map(files.map(({ path, file }) => [path, file]));
  return {
    name,
    names: [...byPath.keys()],
    open: (path) => {
      const file = byPath.get(path);
      return Promise.resolve(file ? blobSource(path, file) : null);
    },
  };
}
