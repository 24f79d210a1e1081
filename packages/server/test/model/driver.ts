import type { Cluster } from "./cluster.ts";
import type { Random } from "../harness/random.ts";
import { MANNERS, type Receiver } from "./receiver.ts";
import type { ModelEvent, ModelExecution, ModelTarget, Reference } from "./reference.ts";

/** What the driver plays with. */
export interface World {
  readonly cluster: Cluster;
  readonly receiver: Receiver;
  readonly reference: Reference;
  readonly random: Random;
  readonly targets: readonly ModelTarget[];
}

/** Longer than a worker's lease. */
const FREEZE_MS = 14_000;
const MOST_UNDER_WAY = 60;

const TYPES = ["shop.order.placed", "shop.order.paid", "shop.cart.filled", "user.added", "user.removed"];
/** Conditions in the API's words, with the ids of their executions. */
const CONDITIONS: readonly (readonly [string, unknown])[] = [
  ["event/shop.order.placed", { event: { event: "shop.order.placed" } }],
  ["event/shop.order.*", { event: { group: "shop.order" } }],
  ["event/shop.*", { event: { group: "shop" } }],
  ["event/user.added", { event: { event: "user.added" } }],
  ["event", { event: { all: true } }],
];

/** Does at random what users, operators and faults do, until the time is over. */
export async function drive(world: World, ms: number): Promise<void> {
  const { cluster, receiver, random, targets } = world;
  const publishing = new Set<Promise<void>>();
  const paused = new Set<string>();
  const until = performance.now() + ms;
  const actions: readonly (readonly [number, () => void | Promise<void>])[] = [
    [60, () => publishSome(world, publishing)],
    [
      5,
      async () => {
        // The model knows which execution an event meets because none changes meanwhile.
        await Promise.all(publishing);
        await changeExecution(world);
      },
    ],
    [16, () => receiver.behave(random.int(0, targets.length - 1), random.chance(0.5) ? "ok" : random.pick(MANNERS))],
    [3, () => pauseOrResume(world, paused)],
    [3, () => cluster.kill()],
    [2, () => cluster.restart()],
    [1, () => cluster.freeze(FREEZE_MS)],
    [1, () => cluster.restartPostgres(random.chance(0.5) ? "SIGINT" : "SIGKILL")],
    [3, () => cluster.jump()],
  ];
  const all = actions.reduce((sum, [weight]) => sum + weight, 0);
  while (performance.now() < until) {
    let at = random.next() * all;
    const chosen = actions.find(([weight]) => (at -= weight) < 0);
    await chosen?.[1]();
    while (publishing.size > MOST_UNDER_WAY) await Promise.race(publishing);
    await new Promise((resolve) => setTimeout(resolve, random.int(10, 120)));
  }
  await Promise.all(publishing);
}

let keys = 0;

function publishSome({ cluster, reference, random }: World, publishing: Set<Promise<void>>): void {
  for (let i = random.int(1, 15); i > 0; i--) {
    const type = random.pick(TYPES);
    const executionId = reference.executionFor(type);
    const execution = executionId === undefined ? undefined : reference.executions.get(executionId);
    const event: ModelEvent = {
      idempotencyKey: `key-${++keys}`,
      type,
      aggregateId: String(random.int(1, 6)),
      key: String(random.int(1, 4)),
      executionId,
      targets: execution?.targets ?? [],
      fifoBy: execution?.fifoBy ?? "",
    };
    // Answered or not, it is published under its key until it is: it must be there once.
    const done: Promise<void> = publish(cluster, event).then(() => {
      reference.events.push(event);
      publishing.delete(done);
    });
    // A failure is met where it is waited for.
    done.catch(() => undefined);
    publishing.add(done);
  }
}

async function publish(cluster: Cluster, { type, aggregateId, key, idempotencyKey }: ModelEvent): Promise<void> {
  const { status, body } = await cluster.ask("POST", "/v1/events:publish", {
    type,
    aggregateId,
    payload: { key },
    idempotencyKey,
  });
  if (status !== 200) throw new Error(`not published: ${JSON.stringify(body)}`);
}

async function changeExecution({ cluster, reference, random, targets }: World): Promise<void> {
  const [id, condition] = random.pick(CONDITIONS);
  if (reference.executions.has(id) && random.chance(0.3)) {
    await cluster.ask("DELETE", "/v3alpha/executions", { condition });
    reference.executions.delete(id);
    return;
  }
  const chosen = targets.filter(() => random.chance(0.4));
  const execution: ModelExecution = {
    targets: chosen.length > 0 ? chosen : [random.pick(targets)],
    fifoBy: random.pick(["", "aggregate", "payload.key"]),
  };
  await must(cluster, "PUT", "/v3alpha/executions", {
    condition,
    targets: execution.targets.map((target) => ({ target: target.id })),
  });
  await must(cluster, "PATCH", `/v1/executionOptions/${id}?updateMask=fifoBy`, { fifoBy: execution.fifoBy });
  reference.executions.set(id, execution);
}

async function pauseOrResume({ cluster, random, targets }: World, paused: Set<string>): Promise<void> {
  const { id } = random.pick(targets);
  const verb = paused.has(id) ? "resume" : "pause";
  await must(cluster, "POST", `/v1/targets/${id}:${verb}`, {});
  if (verb === "pause") paused.add(id);
  else paused.delete(id);
}

async function must(cluster: Cluster, verb: string, path: string, body: unknown): Promise<void> {
  const answer = await cluster.ask(verb, path, body);
  if (answer.status >= 300) throw new Error(`${verb} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

const PATIENT = ["0.2s", "0.5s", "1s", "1.5s"];
/** So that there are dead letters. */
const IMPATIENT = ["0.1s"];

/** Creates targets of all kinds, which are tried again soon and given up soon. */
export async function createModelTargets(cluster: Cluster, receiver: Receiver): Promise<readonly ModelTarget[]> {
  const kinds = [
    { type: "restWebhook", interruptOnError: true, retryDelays: PATIENT },
    { type: "restWebhook", interruptOnError: false, retryDelays: IMPATIENT },
    { type: "restCall", interruptOnError: true, retryDelays: IMPATIENT },
    { type: "restCall", interruptOnError: false, retryDelays: PATIENT },
    { type: "restAsync", interruptOnError: false, retryDelays: PATIENT },
  ] as const;
  const created: ModelTarget[] = [];
  for (const [endpoint, { type, interruptOnError, retryDelays }] of kinds.entries()) {
    const { body } = await cluster.ask("POST", "/v3alpha/targets", {
      name: `model ${endpoint}`,
      endpoint: receiver.url(endpoint),
      timeout: "1s",
      [type]: type === "restAsync" ? {} : { interruptOnError },
    });
    const { id } = body as { id: string };
    await must(cluster, "PATCH", `/v1/targets/${id}/settings`, { delivery: { retry: { delays: retryDelays } } });
    created.push({ id, endpoint, type, interruptOnError });
  }
  return created;
}

/** Ends all faults, and sends again what was given up, until everything has been told. */
export async function heal(
  { cluster, receiver, targets }: World,
  unfinished: () => Promise<Unfinished>,
): Promise<void> {
  await cluster.settled();
  for (const { endpoint } of targets) receiver.behave(endpoint, "ok");
  const until = performance.now() + 120_000;
  for (;;) {
    // Resuming also closes the breaker: nobody wants to wait here until it tries by itself.
    for (const { id } of targets) await must(cluster, "POST", `/v1/targets/${id}:resume`, {});
    const { open, dead, explain } = await unfinished();
    if (open === 0 && dead.length === 0) return;
    if (performance.now() > until)
      throw new Error(`${open} deliveries are not over, and ${dead.length} are dead:\n${await explain()}`);
    for (const id of dead) await must(cluster, "POST", `/v1/deliveries/${id}:redeliver`, {});
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** What is not told yet. */
export interface Unfinished {
  readonly open: number;
  /** Ids of dead letters. */
  readonly dead: readonly string[];
  /** What a failure is explained with. */
  readonly explain: () => Promise<string>;
}
