import type { Setting } from "@interpose/protocol/gen/interpose/v1/instance_service_pb";

/** Settings that belong together. */
export interface SettingGroup {
  /** First part of their paths. Empty: those that have one part alone. */
  readonly name: string;
  readonly settings: readonly Setting[];
}

/** Which settings are looked for. */
export interface SettingSearch {
  /** What their paths, values or descriptions have in them, in upper or lower case. */
  readonly text: string;
  /** Without those that have their default. */
  readonly isSetOnly: boolean;
}

/** The settings that are looked for, in groups, in the order in which they come. */
export function groupSettings(
  settings: readonly Setting[],
  { text, isSetOnly }: SettingSearch,
): readonly SettingGroup[] {
  const wanted = text.trim().toLowerCase();
  const groups = new Map<string, Setting[]>();
  for (const setting of settings) {
    const { path, value, description } = setting;
    if (isSetOnly && isDefault(setting)) continue;
    if (![path, value, description].some((part) => part.toLowerCase().includes(wanted))) continue;
    const name = path.includes(".") || path.includes("[") ? (/^[^.[]+/.exec(path)?.[0] ?? "") : "";
    groups.set(name, [...(groups.get(name) ?? []), setting]);
  }
  return [...groups].map(([name, each]) => ({ name, settings: each }));
}

/** Whether nobody has set it. */
export function isDefault({ source }: Pick<Setting, "source">): boolean {
  return source === "default";
}
