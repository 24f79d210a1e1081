import { InterposeError } from "@interpose/engine";
import type { z } from "zod";
import { settingsSchema, type Settings } from "./schema.ts";

/** Settings as a program gives them: what is left out has its default. */
export type SettingsInput = z.input<typeof settingsSchema>;

/** Fills what a program left out, and checks the rest. Throws `settings_invalid`, which names each setting that is unknown or wrong. */
export function completeSettings(given: SettingsInput): Settings {
  const checked = settingsSchema.safeParse(given);
  if (checked.success) return checked.data;
  const problems = checked.error.issues.map(({ path, message }) => {
    const where = path.map(String).join(".");
    return `  ${where === "" ? "" : `${where}: `}${message}.`;
  });
  const count = problems.length === 1 ? "A setting is wrong" : `${problems.length} settings are wrong`;
  throw new InterposeError("settings_invalid", `${count}:\n${problems.join("\n")}`);
}
