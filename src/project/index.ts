/** Data model of a project: settings, frame tree, playback order, export options, and storage in browser and file. */
export {
  closeLoopField,
  defaultSettings,
  easingField,
  helpOf,
  frameRateOf,
  isSameSettings,
  parseSettings,
  promptList,
  settingFields,
  settingKeys,
  settingsSchema,
  speedField,
} from './settings.ts';
export type { Mode, Settings, SettingField } from './settings.ts';
export { speedWords, stepsComputed } from './speed.ts';
export type { FrameTiming, Speed } from './speed.ts';
export { ease } from './easing.ts';
export type { Easing } from './easing.ts';
export { findStuck, unmeasuredTrace } from './stuck.ts';
export type { Stuck, StuckKind, StuckOffer } from './stuck.ts';
export { framesToMake, planAfter, planSmooth } from './smooth.ts';
export type { SmoothPlan } from './smooth.ts';
export { segmentStepSchema, trailTo } from './trail.ts';
export type { RandomAccess, SegmentStep, Trail } from './trail.ts';
export { largestBatch, rollOf, variantOf } from './pick.ts';
export type { SpeculationReport } from './pick.ts';
export { checkField } from './fields.ts';
export type { FieldCheck, FieldProblem } from './fields.ts';
export { overlaySettings, readStoredSettings, usableSettings } from './settings-part.ts';
export type { SettingsPart } from './settings-part.ts';
export { closestRecipe, rebasedRecipe, recipeOf, recipePart, recipeSettings, recipes } from './recipes.ts';
export type { Recipe, RecipeId } from './recipes.ts';
export { settingsFromHash, settingsToHash } from './settings-url.ts';
export type { UrlSettings } from './settings-url.ts';
export { advancePlayhead, playbackPositions } from './playback-range.ts';
export type { Playhead, PlaybackRange } from './playback-range.ts';
export {
  defaultExportOptions,
  exportOptionsSchema,
  exportRanges,
  hasConstantRate,
  countsPlays,
  isStill,
} from './export-options.ts';
export type { ExportField, ExportFormat, ExportOptions, ExportShape } from './export-options.ts';
export { lengthOf, shotsOf, thinned } from './shots.ts';
export { longestSide, placementOf, scaleFor } from './output-size.ts';
export { gifRate } from './gif-rate.ts';
export { exportPresets } from './export-presets.ts';
export type { ExportPreset } from './export-presets.ts';
export { madeWithNote, settingsOfNotes } from './made-with.ts';
export type { FoundSettings } from './made-with.ts';
export { noReduction, nextReduction } from './fitting.ts';
export type { Reduction } from './fitting.ts';
export { insightSchema } from './insight.ts';
export type { FrameInsight } from './insight.ts';
export {
  append,
  buildTree,
  childrenOf,
  emptyTree,
  endAt,
  path,
  playedFrames,
  removeSubtree,
  restoreSubtree,
  startId,
  tipOf,
  withOrder,
  withoutLost,
} from './tree.ts';
export type { FrameNode, FrameTree, NewFrame, RemovedSubtree, TreeChange } from './tree.ts';
export { branchesOf, hasBranches, orderThrough } from './branches.ts';
export type { Branch } from './branches.ts';
export { longestHold, playedFrameSchema } from './play-order.ts';
export type { PlayedFrame, PlayOrder } from './play-order.ts';
export { framesDuplicated, framesHeld, framesKept, framesMoved, framesRemoved } from './rearrange.ts';
export {
  documentFromText,
  documentToText,
  fileVersion,
  frameNodeSchema,
  keptSettingsSchema,
  projectDocumentSchema,
  startSchema,
  treeOf,
} from './document.ts';
export type { ProjectDocument, ProjectStart } from './document.ts';
export { decodeFramePng } from './png.ts';
export { encodePng } from '../formats/index.ts';
export { openArchive, pictureName, writeArchive } from './archive.ts';
export type { Archive, ArchiveControl } from './archive.ts';
export { whileRead } from './files.ts';
export type { MeasureFreeSpace, ProjectFiles, ProjectLocks } from './files.ts';
// Only types: the worker imports `ProjectKeeper` from its module, so that it is not part of the page's bundle.
export { readerOf, downscaled } from './picture-source.ts';
export type { HeldPicture, PictureReader, PictureRef, PictureSource } from './picture-source.ts';
export type { CurrentProject, TransferControl } from './transfer.ts';
export type { WriteResult, OpenedProject, ProjectKeeper } from './keeper.ts';
export type { ProjectSummary } from './listing.ts';
export { fileKind, pickFrames, projectFolder } from './import-kinds.ts';
export type { FileKind, LeftOut, PickedFrames } from './import-kinds.ts';
export { frameSizeFor } from './sequence.ts';
export type { Gap } from './sequence.ts';
