/** State and operations of the page, independent of React: one store per concern, and the workers that they call. */
export { browserEnvironment, later, nextPaint } from './browser.ts';
export { createStores } from './stores.ts';
export type { Stores } from './stores.ts';
export { framesToCome } from './modes.ts';
export { startOffline } from './offline.ts';
export { speeds } from './preferences.ts';
export { playbackRangeOf } from './player.ts';
export { fieldOf } from './settings.ts';
export { originFrom } from './wanted.ts';
export type { AnimationState } from './animation.ts';
export type { AutosaveState } from './autosave.ts';
export type { Environment, PictureUrls } from './environment.ts';
export type { OpenProject } from './page-content.ts';
export { suggestedName } from './export.ts';
export { needsOfExport, estimateExport } from './export-estimate.ts';
export type {
  ExportJob,
  ExportKind,
  ExportNeeds,
  ExportRequest,
  ExportState,
  WrittenFile,
} from './export.ts';
export { withHolds } from './frames.ts';
export type { Frame, Frames } from './frames.ts';
export type { EndedRun, GenerationState, RunOutcome, Run } from './generation.ts';
export type { ModelState } from './model.ts';
export { modelTopics } from './models-state.ts';
export type { LookResult, ModelFetch, ModelsState } from './models-state.ts';
export type { History, HistoryEntry } from './history.ts';
export type { Notice, NoticeAction } from './notices.ts';
export type { PickState } from './pick.ts';
export { countRuns, mostQueued } from './run-queue.ts';
export type { QueuePause, QueuedRun, QueueState } from './run-queue.ts';
export type { Round, Variant } from './pick-round.ts';
export type { ComparedPicture, PlayerState } from './player.ts';
export type { Preferences } from './preferences.ts';
export type { ProjectJob } from './project-jobs.ts';
export type { ListedProject, ProjectsState } from './projects.ts';
export type { NamedFile } from './import-files.ts';
export type { StartPicture } from './start-picture.ts';
export type { FieldKey, PromptKey, SettingsState } from './settings.ts';
// Types of the protocol that the page displays. Only stores call the workers.
export type {
  Device,
  GenerationProgress,
  InstalledModel,
  LoadEvent,
  LoadedModel,
  ModelCost,
  ModelLocation,
  WantedModel,
} from '../protocol/index.ts';
