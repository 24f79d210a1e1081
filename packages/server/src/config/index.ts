export { completeSettings } from "./complete.ts";
export type { SettingsInput } from "./complete.ts";
export { describeSettings, loadSettings } from "./load.ts";
export type { SettingsSources } from "./load.ts";
export { LEAVES } from "./leaves.ts";
export type { Leaf } from "./leaves.ts";
export { settingsSchema } from "./schema.ts";
export type { Settings } from "./schema.ts";
