/** Installed models: downloaded once in chunks with checksums, and opened from storage. */
export { install } from './install.ts';
export { listInstalled, openInstalled, removeInstalled, verifyInstalled } from './installed.ts';
export type { ModelFiles, ModelFileWriter } from './files.ts';
export { planInstall, problemsOf } from './plan.ts';
export { hubBase, parseModelSource } from './source.ts';
export type { ModelSource } from './source.ts';
export { folderSource, hubSource, manifestSource } from './sources.ts';
export { stableDiffusionVariations } from './stable-diffusion.ts';
export type {
  DamagedChunk,
  StoredModel,
  InstallNotice,
  InstallOptions,
  InstallPlan,
  InstallProgress,
  LocalFolder,
  PlannedPart,
  PlanOptions,
  VerifyOptions,
} from './types.ts';
