/** How deliveries to one target are made. */
export interface DeliverySettings {
  /** Delays before each attempt after the first, in milliseconds. After the last of them an attempt that fails is the end. Empty: one attempt. */
  readonly retryDelaysMs: readonly number[];
  /** Most attempts at once, on all nodes together. */
  readonly maxConcurrency: number;
  /** Most attempts that begin within a second, on all nodes together. 0: no limit. */
  readonly maxPerSecond: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** What holds where a target has no setting of its own: attempts over about a day. */
export const DEFAULT_DELIVERY_SETTINGS: DeliverySettings = {
  retryDelaysMs: [
    5 * SECOND,
    30 * SECOND,
    2 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    4 * HOUR,
    8 * HOUR,
    8 * HOUR,
  ],
  maxConcurrency: 20,
  maxPerSecond: 0,
};

/** All settings, with the default of what a target does not say. */
export function completeDeliverySettings(own: Partial<DeliverySettings> | undefined): DeliverySettings {
  return own ? { ...DEFAULT_DELIVERY_SETTINGS, ...own } : DEFAULT_DELIVERY_SETTINGS;
}

/** Most attempts after the first. */
export const MAX_RETRIES = 50;
/** Longest delay before an attempt: a week. */
export const MAX_RETRY_DELAY_MS = 7 * 24 * HOUR;
/** Largest `maxConcurrency`. */
export const MAX_DELIVERY_CONCURRENCY = 1_000;
/** Largest `maxPerSecond`. */
export const MAX_DELIVERIES_PER_SECOND = 100_000;

/** A setting that cannot be. */
export interface DeliverySettingsFault {
  readonly field: keyof DeliverySettings;
  /** What is wrong, and what would be right. */
  readonly description: string;
}

/** Why settings cannot be: undefined when they can. */
export function validateDeliverySettings(settings: Partial<DeliverySettings>): DeliverySettingsFault | undefined {
  const { retryDelaysMs, maxConcurrency, maxPerSecond } = settings;
  if (retryDelaysMs && retryDelaysMs.length > MAX_RETRIES) {
    const description = `has ${retryDelaysMs.length} delays; it can have at most ${MAX_RETRIES}.`;
    return { field: "retryDelaysMs", description };
  }
  const wrong = retryDelaysMs?.find((delay) => !(delay > 0 && delay <= MAX_RETRY_DELAY_MS));
  if (wrong !== undefined) {
    const description = `has the delay ${wrong / SECOND} s; a delay is longer than nothing, and at most ${MAX_RETRY_DELAY_MS / SECOND} s.`;
    return { field: "retryDelaysMs", description };
  }
  return (
    faultOfCount("maxConcurrency", maxConcurrency, 1, MAX_DELIVERY_CONCURRENCY) ??
    faultOfCount("maxPerSecond", maxPerSecond, 0, MAX_DELIVERIES_PER_SECOND)
  );
}

function faultOfCount(
  field: "maxConcurrency" | "maxPerSecond",
  value: number | undefined,
  least: number,
  most: number,
): DeliverySettingsFault | undefined {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return undefined;
  return { field, description: `is ${value}; it must be a whole number from ${least} to ${most}.` };
}
