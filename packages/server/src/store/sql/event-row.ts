/** An event, as it stands in the log. */
export interface EventRow {
  readonly position: bigint;
  readonly sequence: bigint;
  readonly type: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly creator: string;
  /** A JSON object. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly resourceOwner: string | null;
  readonly version: string;
  readonly depth: number;
  readonly idempotencyKey: string | null;
  readonly createdAt: Date;
}

/** The columns of an `EventRow`. */
export const EVENT_COLUMNS = `position, sequence, type, aggregate_type as "aggregateType", aggregate_id as "aggregateId", creator, payload,
  resource_owner as "resourceOwner", version, depth, idempotency_key as "idempotencyKey", created_at as "createdAt"`;
