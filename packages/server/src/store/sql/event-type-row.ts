/** A type of events that others publish. */
export interface EventTypeRow {
  readonly type: string;
  readonly description: string;
  /** Null: it was learned. */
  readonly declaredAt: Date | null;
  /** Null: none was published. */
  readonly firstPublishedAt: Date | null;
}

/** The columns of an `EventTypeRow`. */
export const EVENT_TYPE_COLUMNS = `type, description, declared_at as "declaredAt", first_published_at as "firstPublishedAt"`;
