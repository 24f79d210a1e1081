import { LEAVES } from "./leaves.ts";
import type { Settings } from "./schema.ts";

/** A setting as it may be shown. */
export interface MaskedSetting {
  /** Path in YAML, such as `egress.allow`. */
  readonly path: string;
  /** Its value, or asterisks in place of a secret. Undefined: it is not set, and has no default. */
  readonly value: unknown;
  readonly isSecret: boolean;
  readonly description: string;
}

/** What stands in place of a secret. */
export const MASK = "********";

/** All settings in the order of the schema, without what is secret: secrets that are set are masked, and so are names and passwords within URLs. */
export function maskedSettings(settings: Settings): readonly MaskedSetting[] {
  return LEAVES.map(({ path, isSecret, description }) => {
    const value = path.reduce<unknown>(
      (branch, name) => (branch as Record<string, unknown> | undefined)?.[name],
      settings,
    );
    return {
      path: path.join("."),
      value: isSecret ? maskedSecret(value) : withoutUserInfo(value),
      isSecret,
      description,
    };
  });
}

/** Nothing is shown as nothing, so that it can be seen whether a secret is set. */
function maskedSecret(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(() => MASK);
  return value === undefined ? undefined : MASK;
}

/** A value whose texts have no credentials before the host of a URL, at any depth. */
function withoutUserInfo(value: unknown): unknown {
  if (typeof value === "string") return value.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, `$1${MASK}@`);
  if (Array.isArray(value)) return value.map(withoutUserInfo);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutUserInfo(inner)]));
}
