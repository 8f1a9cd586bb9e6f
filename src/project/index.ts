/** What an animation is made of: its settings with their defaults, and the order in which its frames run. */
export {
  automaticSettingsSchema,
  defaultSettings,
  parseSettings,
  promptList,
  settingFields,
} from './settings.ts';
export type { Settings, SettingField } from './settings.ts';
export { largestBatch } from './pick.ts';
export { checkField } from './fields.ts';
export type { FieldCheck, FieldProblem } from './fields.ts';
export { overlaySettings, readStoredSettings, usableSettings } from './stored.ts';
export type { SettingsPart } from './stored.ts';
export { advance, reelPositions } from './reel.ts';
export type { Playhead, Reel } from './reel.ts';
