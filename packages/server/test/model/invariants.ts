import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { Database } from "../../src/store/database.ts";
import type { Disruption } from "./cluster.ts";
import type { Receipt } from "./receiver.ts";
import type { ModelEvent } from "./reference.ts";

interface DeliveryRow {
  readonly id: bigint;
  readonly key: string;
  readonly execution: string;
  readonly place: number;
  readonly target: string;
  readonly stage: number;
  readonly fifo: string | null;
  readonly state: string;
  readonly attempts: number;
}

interface AttemptRow {
  readonly delivery: bigint;
  readonly number: number;
  readonly status: number | null;
  readonly failure: string | null;
  readonly decision: string;
}

/** On record of an attempt that may have been told all the same: its answer came too late, or its worker lost its lease before it could write of it. */
const MAYBE_TOLD: ReadonlySet<string | null> = new Set(["timeout", "worker_lost"]);

/** What must hold once all is healed, and all that was dead has been sent again. */
export interface Outcome {
  readonly database: Database;
  readonly events: readonly ModelEvent[];
  readonly receipts: readonly Receipt[];
  readonly disruptions: readonly Disruption[];
}

/** Holds the store and what the endpoints saw against the model. Answers what was looked at, for the test's output. */
export async function checkInvariants({ database, events, receipts, disruptions }: Outcome): Promise<string> {
  const deliveries = await database.query<DeliveryRow>({
    text: `select d.id, e.idempotency_key as key, d.execution_id as execution, d.place, d.target_id as target, d.stage, d.fifo_key as fifo, d.state, d.attempts
           from interpose.deliveries d join interpose.events e on e.position = d.event_position
           where e.idempotency_key is not null order by d.id`,
    values: [],
  });
  const attempts = await database.query<AttemptRow>({
    text: "select delivery_id as delivery, number, status, failure, decision from interpose.attempts order by delivery_id, number",
    values: [],
  });
  const receiptsOf = groupBy(receipts, ({ deliveryId }) => deliveryId);
  const attemptsOf = groupBy(attempts, ({ delivery }) => String(delivery));

  await checkEvents(database, events);
  checkPlans(events, deliveries);
  for (const delivery of deliveries) {
    const seen = receiptsOf.get(String(delivery.id)) ?? [];
    checkDelivery(delivery, seen, attemptsOf.get(String(delivery.id)) ?? [], disruptions);
  }
  const died = new Set(attempts.filter(({ decision }) => decision === "dead").map(({ delivery }) => delivery));
  checkKeys(deliveries, receiptsOf, died);
  checkStages(events, deliveries, receiptsOf, died);
  const duplicates = [...receiptsOf.values()].reduce((sum, seen) => sum + Math.max(0, told(seen).length - 1), 0);
  return `${events.length} events, ${deliveries.length} deliveries, ${attempts.length} attempts, ${receipts.length} receipts, ${died.size} were dead letters, ${duplicates} told twice, ${disruptions.length} disruptions`;
}

/** Each acknowledged event is there once. */
async function checkEvents(database: Database, events: readonly ModelEvent[]): Promise<void> {
  const rows = await database.query<{ key: string; n: bigint }>({
    text: "select idempotency_key as key, count(*) as n from interpose.events where idempotency_key is not null group by 1",
    values: [],
  });
  assert.deepEqual(rows.map(({ key }) => key).sort(), events.map(({ idempotencyKey }) => idempotencyKey).sort());
  assert.ok(
    rows.every(({ n }) => n === 1n),
    "no event is there twice",
  );
}

/** Each event has the deliveries of the execution that was in force. */
function checkPlans(events: readonly ModelEvent[], deliveries: readonly DeliveryRow[]): void {
  const byKey = groupBy(deliveries, ({ key }) => key);
  for (const { idempotencyKey, executionId, targets, fifoBy, type } of events) {
    const rows = (byKey.get(idempotencyKey) ?? []).toSorted((a, b) => a.place - b.place);
    assert.deepEqual(
      rows.map(({ target, execution, fifo }) => [target, execution, fifo !== null]),
      targets.map(({ id }) => [id, executionId, fifoBy !== ""]),
      `the deliveries of ${type} ${idempotencyKey}`,
    );
  }
}

function told(receipts: readonly Receipt[]): readonly Receipt[] {
  return receipts.filter(({ status }) => status === 200);
}

/** It was told, with the same bytes each time; its rows tell of it; and it was told again only where something broke in between, or its row says why. */
function checkDelivery(
  delivery: DeliveryRow,
  seen: readonly Receipt[],
  rows: readonly AttemptRow[],
  disruptions: readonly Disruption[],
): void {
  const name = `delivery ${delivery.id} of ${delivery.key}`;
  assert.equal(delivery.state, "succeeded", name);
  const successes = told(seen);
  const [first] = successes;
  assert.ok(first, `${name} says that it succeeded, and reached nobody`);
  assert.equal(new Set(seen.map(({ body }) => body)).size, 1, `${name} was told in different words`);

  assert.deepEqual(
    rows.map(({ number }) => number),
    Array.from({ length: delivery.attempts }, (_, i) => i + 1),
    `rows of ${name}`,
  );
  assert.equal(rows.at(-1)?.decision, "succeeded", `the last row of ${name}`);
  const answered = seen.filter(({ status }) => status !== undefined).length;
  const withStatus = rows.filter(({ status }) => status !== null).length;
  assert.ok(withStatus <= answered, `${name} has ${withStatus} rows with a status, and was answered ${answered} times`);

  const last = successes.at(-1)?.at ?? first.at;
  const between = disruptions.filter(({ at, until }) => at <= last && until >= (first.answeredAt ?? first.at)).length;
  const unheard = successes.slice(0, -1).filter(({ attempt }) => MAYBE_TOLD.has(rows[attempt - 1]?.failure ?? null));
  assert.ok(
    successes.length - 1 <= between + unheard.length,
    `${name} was told ${successes.length} times, with ${between} disruptions in between, and rows ${inspect(rows)}`,
  );
}

/** Deliveries of one target with the same key were told one after the other. Those that were dead letters let the others go on. */
function checkKeys(
  deliveries: readonly DeliveryRow[],
  receiptsOf: ReadonlyMap<string, readonly Receipt[]>,
  died: ReadonlySet<bigint>,
): void {
  const keyed = deliveries.filter(({ fifo }) => fifo !== null);
  // What was skipped or blocked behind a dead letter let the others go on as well.
  const eventsWithDead = new Set(deliveries.filter(({ id }) => died.has(id)).map(({ key }) => key));
  for (const [lane, members] of groupBy(keyed, ({ target, fifo }) => `${target} ${fifo}`)) {
    let before: { readonly id: bigint; readonly toldAt: number } | undefined;
    for (const { id, key } of members) {
      const seen = receiptsOf.get(String(id)) ?? [];
      const firstAt = Math.min(...seen.map(({ at }) => at));
      if (before) {
        assert.ok(
          firstAt >= before.toldAt,
          `in ${lane}, delivery ${id} was tried ${before.toldAt - firstAt} ms before delivery ${before.id} had been told`,
        );
      }
      if (died.has(id) || eventsWithDead.has(key)) continue;
      const toldAt = Math.max(before?.toldAt ?? 0, told(seen)[0]?.at ?? Infinity);
      before = { id, toldAt };
    }
  }
}

/** Behind a target that interrupts, nobody was told before it was. */
function checkStages(
  events: readonly ModelEvent[],
  deliveries: readonly DeliveryRow[],
  receiptsOf: ReadonlyMap<string, readonly Receipt[]>,
  died: ReadonlySet<bigint>,
): void {
  const byKey = groupBy(deliveries, ({ key }) => key);
  for (const { idempotencyKey, targets } of events) {
    const rows = (byKey.get(idempotencyKey) ?? []).toSorted((a, b) => a.place - b.place);
    for (const [i, gate] of rows.entries()) {
      const target = targets[i];
      if (!target?.interruptOnError || target.type === "restAsync") continue;
      const toldAt = told(receiptsOf.get(String(gate.id)) ?? [])[0]?.at ?? Infinity;
      for (const later of rows.slice(i + 1)) {
        const firstAt = Math.min(...(receiptsOf.get(String(later.id)) ?? []).map(({ at }) => at));
        assert.ok(
          firstAt >= toldAt,
          `of ${idempotencyKey}, place ${later.place} was tried before place ${gate.place}, which interrupts, was told${died.has(gate.id) ? " (it had been dead)" : ""}`,
        );
      }
    }
  }
}

function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
  return Map.groupBy(values, keyOf);
}
