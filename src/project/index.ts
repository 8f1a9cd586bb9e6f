/** What an animation is made of: its settings with their defaults, and the frames that came of them. */
export {
  automaticSettingsSchema,
  defaultSettings,
  parseSettings,
  promptList,
  settingFields,
} from './settings.ts';
export type { Settings, SettingField } from './settings.ts';
