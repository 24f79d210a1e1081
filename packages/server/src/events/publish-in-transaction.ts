import { InterposeError } from "@interpose/engine";
import type { Queryable } from "../store/database.ts";
import type { AppendedEvent } from "../store/sql/events-to-append.ts";
import { eventInvalid, type NewEvent } from "./new-event.ts";
import type { Publisher } from "./publisher.ts";

/** An open transaction on the database that Interpose has, such as a client of `pg` between `begin` and `commit`. */
export interface SqlTransaction {
  /** Sends one statement with its parameters, and answers its rows: as a list, or as `rows` of an object. */
  query(text: string, values: unknown[]): Promise<{ readonly rows: readonly object[] } | readonly object[]>;
}

/** Where an event that was published stands. */
export interface PublishedEvent {
  /** Id of the event. It grows along the log, with gaps. */
  readonly id: string;
  /** Place among the events of its aggregate, from 1, without gaps. */
  readonly sequence: bigint;
  readonly createTime: Date;
  /** Whether it was there already, under its idempotency key. */
  readonly repeated: boolean;
}

/** What is known of a publication beside its events. */
export interface PublishOptions {
  /** The header `interpose-run` of the call in which the events are published. Without it, targets and events that lead to each other are not known to. */
  readonly runHeader?: string | undefined;
}

/** Publishes events within a transaction of one's own: they are committed, and delivered, with it, or rolled back with it. */
export interface PublishInTransaction {
  /** Publishes one event. Errors of the database come as the transaction throws them. */
  (tx: SqlTransaction, event: NewEvent, options?: PublishOptions): Promise<PublishedEvent>;
  /** Publishes several events, in their order. */
  (tx: SqlTransaction, events: readonly NewEvent[], options?: PublishOptions): Promise<readonly PublishedEvent[]>;
}

/** What publishes within transactions of others. `depthOf` says how many runs led to a call with a header of a run. */
export function createPublishInTransaction(
  publisher: Publisher,
  depthOf: (runHeader: string | undefined) => number,
): PublishInTransaction {
  async function publish(
    tx: SqlTransaction,
    given: NewEvent | readonly NewEvent[],
    { runHeader }: PublishOptions = {},
  ): Promise<PublishedEvent | readonly PublishedEvent[]> {
    const isList = isListOf(given);
    const fieldOf = (i: number): string => (isList ? `events[${i}]` : "event");
    refuseNoTransaction(tx);
    const events = (isList ? given : [given]).map((event, i) => withPlainPayload(event, fieldOf(i)));
    const places = await publisher.publish(events, {
      creator: "",
      depth: depthOf(runHeader),
      fieldOf,
      tx: queryableOf(tx),
    });
    const [first] = places;
    return isList || !first ? places.map(published) : published(first);
  }
  return publish as PublishInTransaction;
}

function isListOf(given: NewEvent | readonly NewEvent[]): given is readonly NewEvent[] {
  return Array.isArray(given);
}

/** What JavaScript hands over may be anything. */
function refuseNoTransaction(tx: Partial<SqlTransaction> | undefined): void {
  if (typeof tx?.query === "function") return;
  throw new InterposeError(
    "bad_request",
    "The transaction has no query(text, values). Give a client of pg, or something alike, between begin and commit.",
  );
}

const TEXTS = [
  "type",
  "aggregateId",
  "aggregateType",
  "resourceOwner",
  "userId",
  "version",
  "idempotencyKey",
] as const satisfies readonly (keyof NewEvent)[];

function refuseNoTexts(event: Partial<Record<keyof NewEvent, unknown>> | null, field: string): void {
  if (typeof event !== "object" || event === null) throw eventInvalid(field, "must be an object, which is an event.");
  for (const name of TEXTS) {
    const isMissing = event[name] === undefined && (name === "type" || name === "aggregateId");
    if (isMissing) throw eventInvalid(`${field}.${name}`, "is missing. An event needs type and aggregateId.");
    if (event[name] !== undefined && typeof event[name] !== "string")
      throw eventInvalid(`${field}.${name}`, "must be a text.");
  }
}

/** An event whose payload is what JSON makes of it: dates are texts, and what has no JSON is left out. */
function withPlainPayload(event: NewEvent, field: string): NewEvent {
  refuseNoTexts(event, field);
  const { payload = {} } = event;
  let plain: unknown;
  try {
    plain = JSON.parse(JSON.stringify(payload));
  } catch (error) {
    throw eventInvalid(`${field}.payload`, `cannot be written as JSON: ${(error as Error).message.slice(0, 200)}`);
  }
  if (typeof plain !== "object" || plain === null || Array.isArray(plain))
    throw eventInvalid(`${field}.payload`, "must be a JSON object.");
  return { ...event, payload: plain as Readonly<Record<string, unknown>> };
}

/** Statements in somebody else's transaction, whose driver may read numbers and times in ways of its own. */
function queryableOf(tx: SqlTransaction): Queryable {
  return {
    async query<Row extends object>({ text, values }: { readonly text: string; readonly values: readonly unknown[] }) {
      try {
        const answer = await tx.query(text, [...values]);
        const rows = "rows" in answer ? answer.rows : answer;
        return rows.map((row) => asOurDriverReads(row) as Row);
      } catch (error) {
        throw isMissingTable(error) ? otherDatabase(error) : error;
      }
    },
  };
}

/** PostgreSQL's codes for a schema and a table that are not there. */
function isMissingTable(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "3F000" || error.code === "42P01");
}

function otherDatabase(cause: unknown): InterposeError {
  return new InterposeError(
    "bad_request",
    "The transaction is of a database that is not Interpose's. Give one of the database that this Interpose has (databaseUrl).",
    { cause },
  );
}

const LARGE_NUMBERS = new Set(["nth", "position", "sequence"]);

function asOurDriverReads(row: object): object {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]: [string, unknown]) => {
      if (LARGE_NUMBERS.has(name)) return [name, BigInt(String(value))];
      return [name, name === "createdAt" && !(value instanceof Date) ? new Date(String(value)) : value];
    }),
  );
}

function published({ position, sequence, createdAt, repeated }: AppendedEvent): PublishedEvent {
  return { id: String(position), sequence, createTime: createdAt, repeated };
}
