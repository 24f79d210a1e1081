/** By what deliveries of an execution follow each other: the event's aggregate, or a value of its payload, as a path such as `payload.customer.id`. */
export type FifoBy = string;

/** Longest path of a `FifoBy`, in characters. */
export const MAX_FIFO_BY_LENGTH = 200;

/** What a key is made of. */
export interface KeyedEvent {
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Why a text cannot say by what deliveries follow each other: undefined when it can. */
export function faultOfFifoBy(fifoBy: FifoBy): string | undefined {
  if (fifoBy === "aggregate") return undefined;
  const parts = fifoBy.split(".");
  if (fifoBy.length <= MAX_FIFO_BY_LENGTH && parts.length > 1 && parts[0] === "payload" && !parts.includes(""))
    return undefined;
  return `must be "aggregate", or a path into the payload such as payload.customer.id, of at most ${MAX_FIFO_BY_LENGTH} characters.`;
}

/**
 * The key of an event's deliveries: those of one target with the same key are told one after the other. Undefined where the payload has no text, number or
 * boolean at the path: what has no key follows nothing.
 */
export function fifoKeyOf(fifoBy: FifoBy, event: KeyedEvent): string | undefined {
  if (fifoBy === "aggregate") return `${event.aggregateType}/${event.aggregateId}`;
  let value: unknown = event.payload;
  for (const part of fifoBy.split(".").slice(1)) {
    value = isObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? JSON.stringify(value)
    : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
