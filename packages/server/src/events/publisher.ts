import { isDeepStrictEqual } from "node:util";
import { InterposeError, nearest } from "@interpose/engine";
import type { Settings } from "../config/index.ts";

import type { LiveRouter } from "../router/live-router.ts";
import type { Database, Queryable } from "../store/database.ts";
import { isTransient, isUniqueViolation } from "../store/errors.ts";
import { appendEvents } from "../store/sql/append-events.ts";
import type {
  AppendedEvent,
  AppendedWithClaims,
  ClaimFromTheStart,
  EventToAppend,
} from "../store/sql/events-to-append.ts";
import type { ClaimedDelivery } from "../store/sql/claim-deliveries.ts";
import { lockFifoKeys } from "../store/sql/lock-fifo-keys.ts";
import { selectDeclaredTypes } from "../store/sql/select-declared-types.ts";
import type { DeliveryOwners } from "./delivery-owners.ts";
import { claimedDeliveries, handedOver } from "./handed-over.ts";
import { eventInvalid, eventToPlan, type NewEvent } from "./new-event.ts";
import { planDeliveries, type EventToPlan } from "./plan-deliveries.ts";
import type { Rate } from "./rate.ts";

/** Most events that are published at once. */
export const MAX_BATCH = 1_000;
/** How often publishing is begun anew, where executions changed or other publishers were in the way. */
const MOST_ATTEMPTS = 10;
const KEY_INDEX = "events_by_idempotency_key";
/** Most declared types that a refused one is compared with. */
const MOST_COMPARED = 500;

/** What a publisher needs. */
export interface PublisherOptions {
  readonly database: Database;
  readonly instanceId: string;
  readonly router: Pick<LiveRouter, "current" | "catchUp">;
  /** How many runs and deliveries may lead to one another. */
  readonly maxRunDepth: number;
  readonly settings: Settings["events"];
  readonly rate: Rate;
  /** Those who deliver. */
  readonly owners: DeliveryOwners;
}

/** Who publishes, and how. */
export interface Publication {
  /** User id of who publishes; events that name nobody were caused by it. */
  readonly creator: string;
  /** How many runs and deliveries led to it. */
  readonly depth: number;
  /** Path of an event in the request, for refusals. */
  readonly fieldOf: (i: number) => string;
  /** A transaction of the caller's own, that the events are committed or rolled back with. Absent: they are committed at once. */
  readonly tx?: Queryable | undefined;
}

/** Appends events that others publish, with the deliveries that they cause by the executions in force. */
export interface Publisher {
  /**
   * Publishes all of the events or none, and answers where each stands, in their order. Throws `event_invalid`, `message_too_large`, `event_type_undeclared`, `event_key_reused`,
   * `publish_rate_exceeded` or `publish_contended`, and, within a transaction of the caller's own, `event_key_raced`.
   */
  publish(events: readonly NewEvent[], publication: Publication): Promise<readonly AppendedEvent[]>;
}

/** A publisher of one instance's events. */
export function createPublisher(options: PublisherOptions): Publisher {
  const { database, instanceId, router, maxRunDepth, settings, rate, owners } = options;

  /** One attempt: undefined where executions have changed since the snapshot. */
  function append(
    events: readonly EventToAppend[],
    revision: bigint,
    { tx, claim }: { readonly tx: Queryable | undefined; readonly claim: ClaimFromTheStart | undefined },
  ): Promise<readonly AppendedWithClaims[] | undefined> {
    const keys = keysAcrossAggregates(events);
    const appending = { instanceId, revision, learnTypes: true, tellsOwners: tx === undefined, claim };
    const send = async (db: Queryable): Promise<readonly AppendedWithClaims[] | undefined> => {
      if (keys.length > 0) await lockFifoKeys(db, instanceId, keys);
      return appendEvents(db, events, appending);
    };
    if (tx) return send(tx);
    return keys.length > 0 ? database.transaction(send) : send(database);
  }

  /** The same, committed at once: what can be delivered of it is handed over, or told of. */
  async function appendAndTell(
    events: readonly EventToAppend[],
    revision: bigint,
  ): Promise<readonly AppendedEvent[] | undefined> {
    const reservation = owners.reserve(handedOver(events));
    let claimed: ReadonlyMap<number, ClaimedDelivery> = new Map();
    try {
      const appended = await append(events, revision, { tx: undefined, claim: reservation });
      if (!appended) return undefined;
      const [event, place] = [events[0], appended[0]];
      if (event && place) claimed = claimedDeliveries(event, place);
      owners.tell(targetsToTell(events, appended, claimed));
      return appended;
    } finally {
      reservation?.end(claimed);
    }
  }

  async function appendPlanned(
    events: readonly EventToPlan[],
    tx: Queryable | undefined,
  ): Promise<readonly AppendedEvent[]> {
    let inTheWay = "";
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      const snapshot = router.current();
      try {
        const planned = planDeliveries(events, snapshot, maxRunDepth);
        const { revision } = snapshot;
        const appended = await (tx
          ? append(planned, revision, { tx, claim: undefined })
          : appendAndTell(planned, revision));
        if (appended) return appended;
      } catch (error) {
        if (isUniqueViolation(error, KEY_INDEX) && tx) throw keyRaced(error);
        // A transaction of the caller's own is the caller's to begin anew.
        if (tx || !(isUniqueViolation(error, KEY_INDEX) || isTransient(error))) throw error;
        inTheWay = "others published the same keys, or were in the way, each time";
        continue;
      }
      inTheWay = "executions changed each time";
      if (tx) await refuseOtherInstance(tx, instanceId);
      await router.catchUp(snapshot.revision + 1n);
    }
    throw new InterposeError(
      "publish_contended",
      `Nothing was published: ${MOST_ATTEMPTS} attempts were in vain, because ${inTheWay}. Try again shortly.`,
    );
  }

  async function refuseUndeclared(events: readonly EventToPlan[], fieldOf: Publication["fieldOf"]): Promise<void> {
    if (settings.types === "open") return;
    const asked = new Set(events.map(({ type }) => type).filter((type) => !settings.declared.includes(type)));
    if (asked.size === 0) return;
    for (const type of await selectDeclaredTypes(database, instanceId, [...asked])) asked.delete(type);
    const i = events.findIndex(({ type }) => asked.has(type));
    const type = events[i]?.type;
    if (type === undefined) return;
    throw undeclared(`${fieldOf(i)}.type`, type, [
      ...settings.declared,
      ...(await selectDeclaredTypes(database, instanceId)),
    ]);
  }

  return {
    async publish(given, { creator, depth, fieldOf, tx }) {
      if (given.length > MAX_BATCH)
        throw eventInvalid("events", `are ${given.length}; at most ${MAX_BATCH} are published at once. Send fewer.`);
      if (given.length === 0) return [];
      const { maxPayloadBytes } = settings;
      const events = given.map((event, i) => eventToPlan(event, fieldOf(i), { creator, depth, maxPayloadBytes }));
      await refuseUndeclared(events, fieldOf);
      const { firsts, firstOf } = withoutRepetitions(events, fieldOf);
      refuseTooMany(rate.take(firsts.length), settings.maxPerSecond);
      const appended = await appendPlanned(firsts, tx);
      return firstOf.map(({ at, repeated }) => {
        const place = appended[at];
        if (!place) throw new Error("an appended event came back without its place");
        return repeated ? { ...place, repeated } : place;
      });
    },
  };
}

/** Targets that can be told of one of the events at once, but for deliveries that are handed over. */
function targetsToTell(
  events: readonly EventToAppend[],
  appended: readonly AppendedEvent[],
  claimed: ReadonlyMap<number, ClaimedDelivery>,
): readonly string[] {
  const ids = new Set<string>();
  events.forEach(({ deliveries }, i) => {
    if (!deliveries || deliveries.deadBecause !== undefined || appended[i]?.repeated === true) return;
    for (const { stage, place, targetId } of deliveries.plan.deliveries)
      if (stage === 0 && !claimed.has(place)) ids.add(targetId);
  });
  return [...ids];
}

/** Keys of deliveries that events of several aggregates may share. Those by the aggregate follow each other by its own lock. */
function keysAcrossAggregates(events: readonly EventToAppend[]): readonly string[] {
  const keys = new Set<string>();
  for (const { deliveries } of events) {
    if (deliveries?.fifoKey !== undefined && deliveries.plan.fifoBy !== "aggregate") keys.add(deliveries.fifoKey);
  }
  return [...keys];
}

interface Firsts {
  readonly firsts: readonly EventToPlan[];
  /** For each event, where the one that is published for it stands among `firsts`, and whether that is another one. */
  readonly firstOf: readonly { readonly at: number; readonly repeated: boolean }[];
}

/** Leaves out events that repeat an earlier one of the batch under the same key. */
function withoutRepetitions(events: readonly EventToPlan[], fieldOf: (i: number) => string): Firsts {
  const firsts: EventToPlan[] = [];
  const byKey = new Map<string, { readonly at: number; readonly i: number }>();
  const firstOf = events.map((event, i) => {
    const key = event.idempotencyKey;
    const first = key === undefined ? undefined : byKey.get(key);
    const before = first && firsts[first.at];
    if (!first || !before) {
      const at = firsts.push(event) - 1;
      if (key !== undefined) byKey.set(key, { at, i });
      return { at, repeated: false };
    }
    if (isSame(before, event)) return { at: first.at, repeated: true };
    const field = `${fieldOf(i)}.idempotency_key`;
    const description = `is "${key}", as that of ${fieldOf(first.i)}, which has another type, aggregate or payload. Nothing was published. Give each event a key of its own.`;
    throw new InterposeError("event_key_reused", `${field} ${description}`, {
      violations: [{ field, description }],
      metadata: { idempotencyKey: key ?? "" },
    });
  });
  return { firsts, firstOf };
}

/** Whether two events are the same, as the store compares them: by type, aggregate and payload. */
function isSame(a: EventToPlan, b: EventToPlan): boolean {
  return (
    a.type === b.type &&
    a.aggregateType === b.aggregateType &&
    a.aggregateId === b.aggregateId &&
    isDeepStrictEqual(a.payload, b.payload)
  );
}

function refuseTooMany(waitMs: number, perSecond: number): void {
  if (waitMs === 0) return;
  const seconds = Math.ceil(waitMs / 1000);
  throw new InterposeError(
    "publish_rate_exceeded",
    `This server takes ${perSecond} events within a second (events.maxPerSecond). Nothing was published. Try again in ${waitMs} ms.`,
    { metadata: { retryAfterMs: String(waitMs), retryAfterSeconds: String(seconds) } },
  );
}

function undeclared(field: string, type: string, known: readonly string[]): InterposeError {
  const near = nearest(type, known.slice(0, MOST_COMPARED));
  const few = known.slice(0, 10).join(", ");
  const hint =
    near !== undefined
      ? ` Do you mean ${near}?`
      : known.length === 0
        ? " None is."
        : ` Declared are ${few}${known.length > 10 ? ", …" : ""}.`;
  const description = `"${type}" is not declared, and this server takes declared types alone (events.types).${hint} Types are declared by EventService.DeclareEventType, or in events.declared.`;
  return new InterposeError("event_type_undeclared", `${field} ${description}`, {
    violations: [{ field, description }],
    metadata: near === undefined ? {} : { nearest: near },
  });
}

function keyRaced(cause: unknown): InterposeError {
  return new InterposeError(
    "event_key_raced",
    "An event was published under the same idempotency key by another transaction, while this one ran. Roll it back and begin it anew: it will then be answered where that event stands.",
    { cause },
  );
}

async function refuseOtherInstance(tx: Queryable, instanceId: string): Promise<void> {
  const [found] = await tx.query({ text: "select id from interpose.instances where id = $1", values: [instanceId] });
  if (found) return;
  throw new InterposeError(
    "bad_request",
    "The transaction is of a database that is another Interpose's. Give one of the database that this Interpose has (databaseUrl).",
  );
}
