import { InterposeError, validateDeliverySettings, type DeliverySettings } from "@interpose/engine";

/** What changes of a target's delivery settings. What is undefined stays; what is null has its default again. */
export type DeliverySettingsChanges = {
  readonly [S in keyof DeliverySettings]?: DeliverySettings[S] | null | undefined;
};

const FIELDS: Readonly<Record<keyof DeliverySettings, string>> = {
  retryDelaysMs: "settings.delivery.retry",
  maxConcurrency: "settings.delivery.max_concurrency",
  maxPerSecond: "settings.delivery.max_per_second",
};

/** A target's own delivery settings after a change. Undefined: it has none. Throws `target_invalid`. */
export function changedDeliverySettings(
  own: Partial<DeliverySettings> = {},
  changes: DeliverySettingsChanges,
): Partial<DeliverySettings> | undefined {
  const given: readonly [string, unknown][] = Object.entries(changes).filter(([, value]) => value !== undefined);
  const all: readonly [string, unknown][] = [...Object.entries(own), ...given];
  const merged = [...new Map(all)].filter(([, value]) => value !== null);
  const settings = Object.fromEntries(merged) as Partial<DeliverySettings>;
  const fault = validateDeliverySettings(settings);
  if (fault) {
    const field = FIELDS[fault.field];
    throw new InterposeError("target_invalid", `${field} ${fault.description}`, {
      violations: [{ field, description: fault.description }],
    });
  }
  return merged.length === 0 ? undefined : settings;
}
