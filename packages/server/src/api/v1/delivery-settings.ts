import type { MessageInitShape } from "@bufbuild/protobuf";
import { completeDeliverySettings, type DeliverySettings } from "@interpose/engine";
import type {
  DeliverySettings as ProtoSettings,
  DeliverySettingsSchema,
} from "@interpose/protocol/gen/interpose/v1/target_service_pb";
import type { DeliverySettingsChanges } from "../../commands/delivery-settings.ts";
import { durationFromMs, msFromDuration } from "../duration.ts";

/** Paths of the settings in an update mask, each with the field that it means. */
export const DELIVERY_PATHS = {
  "delivery.retry": "retryDelaysMs",
  "delivery.max_concurrency": "maxConcurrency",
  "delivery.max_per_second": "maxPerSecond",
} as const satisfies Record<string, keyof DeliverySettings>;

/** What changes: what `isNamed` says, with null where it gets its default again; or, where nothing is named, what is given. */
export function deliveryChangesFromProto(
  settings: ProtoSettings | undefined,
  isNamed: ((path: string) => boolean) | undefined,
): DeliverySettingsChanges {
  const given: DeliverySettingsChanges = {
    retryDelaysMs: settings?.retry?.delays.map(msFromDuration),
    maxConcurrency: settings?.maxConcurrency,
    maxPerSecond: settings?.maxPerSecond,
  };
  if (!isNamed) return given;
  const named = Object.entries(DELIVERY_PATHS).filter(([path]) => isNamed(path));
  return Object.fromEntries(named.map(([, field]) => [field, given[field] ?? null]));
}

/** The settings in force, as the API shows them. */
export function deliveryToProto(
  own: Partial<DeliverySettings> | undefined,
): MessageInitShape<typeof DeliverySettingsSchema> {
  const { retryDelaysMs, maxConcurrency, maxPerSecond } = completeDeliverySettings(own);
  return { retry: { delays: retryDelaysMs.map(durationFromMs) }, maxConcurrency, maxPerSecond };
}
