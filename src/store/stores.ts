import type { StoreApi } from 'zustand/vanilla';
import { createAnimation } from './animation.ts';
import type { AnimationStore } from './animation.ts';
import { createAutosave } from './autosave.ts';
import type { Autosave, SpaceReport } from './autosave.ts';
import type { Environment } from './environment.ts';
import { createExport } from './export.ts';
import type { ExportStore } from './export.ts';
import { createGeneration } from './generation.ts';
import type { GenerationStore } from './generation.ts';
import { createHistory } from './history.ts';
import type { History } from './history.ts';
import { createJournal } from './journal.ts';
import { createWorkerHandle } from './worker-handle.ts';
import { createModelStore } from './model.ts';
import type { ModelStore } from './model.ts';
import { createModels } from './models.ts';
import type { ModelsStore } from './models.ts';
import { createNotices } from './notices.ts';
import type { Notices } from './notices.ts';
import { createOffers } from './offers.ts';
import { createPick } from './pick.ts';
import type { PickStore } from './pick.ts';
import { createSinglePictures } from './single-pictures.ts';
import type { SinglePictures } from './single-pictures.ts';
import { createPictures } from './pictures.ts';
import type { Pictures } from './pictures.ts';
import { createPlayer } from './player.ts';
import type { PlayerStore } from './player.ts';
import { createPreferences } from './preferences.ts';
import type { Preferences } from './preferences.ts';
import { createProjects } from './projects.ts';
import type { ProjectsStore } from './projects.ts';
import { createRunQueue } from './run-queue.ts';
import type { QueueStore } from './run-queue.ts';
import { createSelection } from './selection.ts';
import type { SelectionStore } from './selection.ts';
import { createSettingsLink } from './settings-link.ts';
import type { SettingsLink } from './settings-link.ts';
import { createSettings } from './settings.ts';
import type { SettingsStore } from './settings.ts';
import { createStartCutter } from './start-picture.ts';
import { createThumbnails } from './thumbnails.ts';
import type { Thumbnails } from './thumbnails.ts';

/** All stores of the page. */
export interface Stores {
  readonly notices: Notices;
  readonly preferences: StoreApi<Preferences>;
  readonly history: History;
  readonly settings: SettingsStore;
  readonly settingsLink: SettingsLink;
  readonly model: ModelStore;
  readonly models: ModelsStore;
  readonly animation: AnimationStore;
  readonly autosave: Autosave;
  readonly projects: ProjectsStore;
  readonly pictures: Pictures;
  readonly singlePictures: SinglePictures;
  readonly thumbnails: Thumbnails;
  readonly generation: GenerationStore;
  readonly queue: QueueStore;
  readonly pick: PickStore;
  readonly player: PlayerStore;
  readonly selection: SelectionStore;
  readonly exporter: ExportStore;
  readonly environment: Environment;
}

/** Creates and connects the stores. Workers are started on demand. */
export function createStores(environment: Environment): Stores {
  const { storage } = environment;
  const diffusion = createWorkerHandle(environment.openDiffusion);
  const media = createWorkerHandle(environment.openMedia);
  const notices = createNotices();
  const preferences = createPreferences(storage);
  const history = createHistory({ mayChangeFrames: () => generation.getState().run === null, notices });
  const offers = createOffers({ history, notices });
  const settings = createSettings({ environment, history });
  const model = createModelStore({ worker: diffusion, settings, preferences, notices, environment });
  const models = createModels({
    worker: createWorkerHandle(environment.openModels),
    model,
    notices,
    environment,
  });
  const settingsLink = createSettingsLink({ settings, model, models, notices, offers, environment });
  const pictures = createPictures({ media });
  const thumbnails = createThumbnails({ pictures, pictureUrls: environment.pictureUrls });
  const projectsWorker = createWorkerHandle(environment.openProjects);
  const autosave = createAutosave({
    projects: projectsWorker,
    pictures,
    onSpace: (report: SpaceReport) => {
      projects.onSpace(report);
    },
  });
  const animation = createAnimation({
    cutter: createStartCutter({ media, settings, preferences }),
    pictures,
    autosave,
    settings,
    preferences,
    notices,
    history,
    offers,
    environment,
  });
  createJournal({
    autosave,
    onChange: animation.onChange,
    project: () => animation.getState().project,
    settings,
  });
  const projects = createProjects({
    worker: projectsWorker,
    media,
    preferences,
    autosave,
    pictures,
    animation,
    settings,
    notices,
    history,
    offers,
    whenWritten: (project) => exporter.whenWritten(project),
    environment,
  });
  const generation = createGeneration({ diffusion, animation, model, settings, notices, environment });
  const queue = createRunQueue({ generation, animation, model, settings, notices, history });
  const pick = createPick({
    diffusion,
    animation,
    generation,
    model,
    settings,
    preferences,
    notices,
    environment,
  });
  const singlePictures = createSinglePictures({ animation, pictures, notices, environment });
  const player = createPlayer({ animation, generation, settings, preferences });
  const selection = createSelection(animation);
  const unwatch = animation.subscribe(({ frames }) => {
    if (frames.length === 0) return;
    unwatch();
    // What is not loaded, because there is no network, only spares a hint.
    void import('./stuck.ts').then(
      ({ watchForStuck }) => {
        watchForStuck({ animation, generation, settings, player, notices });
      },
      () => undefined,
    );
  });
  const exporter = createExport({ media, pictures, animation, settings, preferences, notices, environment });
  return {
    notices,
    preferences,
    history,
    settings,
    settingsLink,
    model,
    models,
    animation,
    autosave,
    projects,
    pictures,
    singlePictures,
    thumbnails,
    generation,
    queue,
    pick,
    player,
    selection,
    exporter,
    environment,
  };
}
