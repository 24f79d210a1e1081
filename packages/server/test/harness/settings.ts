import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { InterposeError } from "@interpose/engine";
import { loadSettings, type Settings } from "../../src/config/index.ts";

/** What settings are loaded from; what is left out is empty. */
export interface GivenSettings {
  readonly flags?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Text of `interpose.yaml`. */
  readonly yaml?: string;
}

const directories: string[] = [];
after(() => directories.forEach((directory) => rmSync(directory, { recursive: true })));

/** A directory with an `interpose.yaml`, if one is given, which goes with the test file. */
export function directoryWith(yaml: string | undefined): string {
  const directory = mkdtempSync(join(tmpdir(), "interpose-config-"));
  directories.push(directory);
  if (yaml !== undefined) writeFileSync(join(directory, "interpose.yaml"), yaml);
  return directory;
}

/** Loads settings from what is given and nothing else. */
export function load({ flags = {}, env = {}, yaml }: GivenSettings): Settings {
  return loadSettings({ flags, env, cwd: directoryWith(yaml) });
}

/** The problems of settings that are refused, with the settings file by its bare name. Fails when they are not. */
export function problemsOf(work: () => unknown): readonly string[] {
  let refusal: unknown;
  try {
    work();
  } catch (error) {
    refusal = error;
  }
  assert.ok(refusal instanceof InterposeError, "it is refused");
  assert.equal(refusal.reason, "settings_invalid");
  const [heading = "", ...problems] = refusal.message.split("\n  ");
  assert.equal(heading, problems.length === 1 ? "A setting is wrong:" : `${problems.length} settings are wrong:`);
  return problems.map((problem) => directories.reduce((text, each) => text.replaceAll(`${each}/`, ""), problem));
}
