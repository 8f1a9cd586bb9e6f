/** What an animation is made of: its settings with their defaults, and the order in which its frames run. */
export {
  closeLoopField,
  defaultSettings,
  easingField,
  fieldWords,
  frameRateOf,
  parseSettings,
  promptList,
  settingFields,
  settingsSchema,
} from './settings.ts';
export type { Mode, Settings, SettingField } from './settings.ts';
export { ease } from './easing.ts';
export type { Easing } from './easing.ts';
export { findStuck } from './stuck.ts';
export type { Stuck, StuckKind, StuckOffer } from './stuck.ts';
export { framesToMake, planSmooth } from './smooth.ts';
export type { SmoothPlan } from './smooth.ts';
export { legSchema, trailTo } from './trail.ts';
export type { LegStep, Trail } from './trail.ts';
export { checkField } from './fields.ts';
export type { FieldCheck, FieldProblem } from './fields.ts';
export { overlaySettings, readStoredSettings, usableSettings } from './stored.ts';
export type { SettingsPart } from './stored.ts';
export { settingsFromHash, settingsToHash } from './link.ts';
export type { LinkedSettings } from './link.ts';
export { advance, reelPositions } from './reel.ts';
export type { Playhead, Reel } from './reel.ts';
