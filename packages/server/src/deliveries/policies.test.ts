// What each failure of a target means for its delivery, for each type of target: after the first attempt, and after the last. What is expected stands here, as
// docs/deliveries.md tells it to those who write targets; nothing of it is taken from the code that decides. hosts/policies.test.ts has the same for calls and functions.
// A failure means the same with each payload type: each cell has one of them, and another one for the next kind of target.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, describe, it } from "node:test";
import type { TargetCredentials } from "@interpose/caller";
import type { Target } from "@interpose/engine";
import { createCertificate } from "../../test/harness/certificate.ts";
import { forSuite } from "../../test/harness/cleanup.ts";
import { openDeliveryBench, type DeliveryBench } from "../../test/harness/deliveries.ts";
import { eventually } from "../../test/harness/eventually.ts";
import { payloadTypeOf } from "../../test/harness/payload-types.ts";
import { startTarget, type ReceivedCall, type TargetReply, type TestTarget } from "../../test/harness/target.ts";
import { TEST_CREDENTIALS } from "../../test/harness/test-keys.ts";

/** What the tests' own endpoint answers, by the first part of the path; `earlier` calls came for the same cell. */
const REPLIES: Readonly<Record<string, (call: ReceivedCall, earlier: number) => TargetReply | "hang">> = {
  hang: () => "hang",
  400: () => ({ status: 400 }),
  404: () => ({ status: 404 }),
  410: () => ({ status: 410 }),
  429: () => ({ status: 429, headers: { "retry-after": "1" } }),
  500: () => ({ status: 500, body: { forwardedStatusCode: 409, forwardedErrorMessage: "of no meaning here" } }),
  503: () => ({ status: 503 }),
  text: () => ({ body: "thank you" }),
  list: () => ({ body: [{ item: "from a list" }] }),
  large: () => ({ body: { item: "x".repeat(5_000) } }),
  moved: ({ path }) => ({ status: 307, headers: { location: path.replace("/moved/", "/text/") } }),
  loop: ({ path }) => ({ status: 307, headers: { location: path } }),
  found: () => ({ status: 302, headers: { location: "/text" } }),
  refuses: () => ({ body: { forwardedStatusCode: 409, forwardedErrorMessage: "twice" } }),
  recovers: (_call, earlier) => (earlier === 0 ? { status: 500 } : {}),
};

/** A target that fails, as far as it depends on the failure. */
type Failing = Pick<Target, "endpoint"> & Partial<Pick<Target, "timeoutMs" | "payloadType">>;

/** What became of a delivery: its state, with the reason where there is one. */
type Stand = string;

/** A way for a target to fail, with one attempt and one more. */
interface Failure {
  readonly title: string;
  /** The endpoint that fails so. `id` tells the cells from each other in what endpoints have seen. */
  readonly target: (endpoints: Endpoints, id: string) => Failing;
  /** What it is called with. Default: what the tests' endpoints expect. */
  readonly credentials?: TargetCredentials;
  /** Of the event, in bytes. Default: next to nothing. */
  readonly payloadBytes?: number;
  /** Attempts up to the last: `failure status decision`. The first stands alone where there is no second. */
  readonly attempts: readonly string[];
  /** The delivery after the first attempt, and after the last. */
  readonly stands: readonly [first: Stand, last: Stand];
  /** The delivery to the next target at these times, where this one interrupts. Where it does not, the next is told as soon as the first attempt was made. */
  readonly next: readonly [first: Stand, last: Stand];
  /** What comes of the next target's own delivery once its turn is there. Default: it is told. */
  readonly nextTold?: Stand;
}

const at =
  (reply: keyof typeof REPLIES, more: Partial<Failing> = {}): Failure["target"] =>
  ({ plain }, id) => ({ ...more, endpoint: `${plain.url}${reply}/${id}` });

const TOLD = "succeeded";
const SKIPPED = "skipped interrupted";

/** It is tried again, and then a dead letter for that reason. The next is kept waiting, and skipped. */
function triedAgain(reason: string, attempt: string): Pick<Failure, "attempts" | "stands" | "next"> {
  return {
    attempts: [`${attempt} retry`, `${attempt} dead`],
    stands: ["waiting", `dead ${reason}`],
    next: ["blocked", SKIPPED],
  };
}
/** It is a dead letter from its first attempt on, and the next is skipped at once. */
function deadAtOnce(reason: string, attempt: string): Pick<Failure, "attempts" | "stands" | "next"> {
  const dead = `dead ${reason}`;
  return { attempts: [`${attempt} dead`], stands: [dead, dead], next: [SKIPPED, SKIPPED] };
}
/** It is no failure of a delivery. */
const PASSES: Pick<Failure, "attempts" | "stands" | "next"> = {
  attempts: ["- 200 succeeded"],
  stands: ["succeeded", "succeeded"],
  next: [TOLD, TOLD],
};

const FAILURES: readonly Failure[] = [
  // Port 1 is reserved for tcpmux, which nobody runs.
  {
    title: "cannot be reached",
    target: () => ({ endpoint: "http://127.0.0.1:1/" }),
    ...triedAgain("connect", "connect -"),
  },
  {
    title: "has a name that does not resolve",
    target: () => ({ endpoint: "http://target.invalid/" }),
    ...triedAgain("dns", "dns -"),
  },
  {
    title: "has a certificate that nobody vouches for",
    target: ({ tls }, id) => ({ endpoint: `${tls.url}text/${id}` }),
    ...triedAgain("tls", "tls -"),
  },
  {
    title: "wants a token that nobody grants",
    target: at("text"),
    credentials: {
      ...TEST_CREDENTIALS,
      oauth: { tokenUrl: "http://127.0.0.1:1/", clientId: "interpose", clientSecret: "secret", scopes: [] },
    },
    ...triedAgain("authorization", "authorization -"),
  },
  {
    title: "wants what nobody can encrypt for it",
    target: at("text", { payloadType: "jwe" }),
    credentials: { signingKeys: [] },
    ...triedAgain("unsealable", "unsealable -"),
  },
  {
    title: "does not answer in time",
    target: at("hang", { timeoutMs: 80 }),
    ...triedAgain("timeout", "timeout -"),
  },
  { title: "answers 400", target: at("400"), ...triedAgain("status", "status 400") },
  { title: "answers 404", target: at("404"), ...triedAgain("status", "status 404") },
  { title: "answers 429", target: at("429"), ...triedAgain("status", "status 429") },
  { title: "answers 500, whatever stands in its body", target: at("500"), ...triedAgain("status", "status 500") },
  { title: "answers 503", target: at("503"), ...triedAgain("status", "status 503") },
  {
    title: "answers more than is read",
    target: at("large"),
    ...triedAgain("reply_too_large", "reply_too_large 200"),
  },
  {
    title: "redirects to itself without end",
    target: at("loop"),
    ...triedAgain("redirect", "redirect 307"),
  },
  {
    title: "redirects in a way that would change the call",
    target: at("found"),
    ...triedAgain("redirect", "redirect 302"),
  },
  {
    title: "fails once",
    target: at("recovers"),
    attempts: ["status 500 retry", "- 200 succeeded"],
    stands: ["waiting", "succeeded"],
    next: ["blocked", TOLD],
  },
  {
    title: "answers 410",
    target: at("410"),
    attempts: ["status 410 held"],
    stands: ["waiting", "waiting"],
    next: ["blocked", "blocked"],
  },
  {
    title: "lies where calls may not go",
    target: () => ({ endpoint: "http://10.0.0.1/" }),
    ...deadAtOnce("egress_denied", "egress_denied -"),
  },
  {
    title: "would be sent too much",
    target: at("text"),
    payloadBytes: 5_000,
    ...deadAtOnce("payload_too_large", "payload_too_large -"),
    nextTold: "dead payload_too_large",
  },
  { title: "asks to refuse", target: at("refuses"), ...deadAtOnce("refused", "refused 200") },
  { title: "answers no JSON", target: at("text"), ...PASSES },
  { title: "answers JSON that is no object", target: at("list"), ...PASSES },
  { title: "redirects to where calls follow", target: at("moved"), ...PASSES },
];

/** The kinds of targets, with the stage of the next target: the first stage is told at once with the event. */
const KINDS: readonly {
  readonly title: string;
  readonly target: Pick<Target, "type" | "interruptOnError">;
  readonly nextStage: number;
}[] = [
  { title: "a webhook that interrupts", target: { type: "webhook", interruptOnError: true }, nextStage: 1 },
  { title: "a webhook", target: { type: "webhook", interruptOnError: false }, nextStage: 1 },
  { title: "a call that interrupts", target: { type: "call", interruptOnError: true }, nextStage: 1 },
  { title: "a call", target: { type: "call", interruptOnError: false }, nextStage: 1 },
  { title: "an async target", target: { type: "async", interruptOnError: false }, nextStage: 0 },
];

/** Endpoints that all cells share. */
interface Endpoints {
  readonly plain: TestTarget;
  readonly tls: TestTarget;
  /** Stands behind the one that fails in each execution, and sees whether its turn came. */
  readonly next: TestTarget;
}

/** How a cell stands at some time. */
interface CellStand {
  readonly stand: Stand;
  readonly failures: number;
  readonly next: Stand;
  readonly nextStage: number;
  readonly attempts: readonly string[];
  /** Whether the next target was told. */
  readonly isNextTold: boolean;
}

const CELLS = KINDS.flatMap((kind, nthKind) =>
  FAILURES.map((failure, nthFailure) => ({
    kind,
    failure,
    payloadType: payloadTypeOf(nthKind + nthFailure),
    type: "",
    title: `${kind.title} ${failure.title}`,
  })),
).map((cell, i) => ({ ...cell, type: `cell.c${i}` }));
type Cell = (typeof CELLS)[number];

const HOUR_MS = 3_600_000;

describe("what a failure of a target means for a delivery", () => {
  const suite = forSuite();
  let first: ReadonlyMap<Cell, CellStand>;
  let last: ReadonlyMap<Cell, CellStand>;
  before(async () => {
    const endpoints = await startEndpoints(suite);
    const bench = await openDeliveryBench(suite);
    // The second attempt comes when the test says so, and what is due then is made due in the table.
    const schedule = { retryDelaysMs: [HOUR_MS] };
    const next = await bench.target(endpoints.next.url);
    const credentials = new Map<string, TargetCredentials>();
    for (const { kind, failure, payloadType, type } of CELLS) {
      const { endpoint, ...more } = failure.target(endpoints, type);
      const target = await bench.target(endpoint, { payloadType, ...more, ...kind.target }, schedule);
      if (failure.credentials) credentials.set(target, failure.credentials);
      await bench.execute(type, [target, next]);
    }
    await bench.worker({}, bench.database, {
      maxReplyBytes: 4_000,
      maxPayloadBytes: 4_000,
      resolve: noSuchName,
      credentialsOf: (id) => credentials.get(id) ?? TEST_CREDENTIALS,
    });
    const ids = await bench.publish(
      ...CELLS.map(({ type, failure: { payloadBytes = 0 } }) => ({ type, payload: { x: "x".repeat(payloadBytes) } })),
    );
    const look = (): Promise<ReadonlyMap<Cell, CellStand>> => standOfCells(bench, ids, endpoints.next);
    await untilNothingIsDue(bench);
    first = await look();
    await bench.sql("update interpose.deliveries set due_at = clock_timestamp() where state = 'waiting'");
    await bench.sql("select pg_notify('interpose_deliveries', '*')");
    await untilNothingIsDue(bench);
    last = await look();
  });

  for (const cell of CELLS) {
    const { title, kind, failure } = cell;
    const told = failure.nextTold ?? TOLD;
    it(title, () => {
      const nexts = kind.target.interruptOnError ? failure.next : [told, told];
      const isCounted = failure.attempts.map((attempt) => !/ (succeeded|held)$/.test(attempt));
      [first, last].forEach((stands, i) => {
        const attempts = failure.attempts.slice(0, i + 1);
        const expected: CellStand = {
          stand: failure.stands[i] ?? "",
          attempts,
          failures: isCounted.slice(0, i + 1).filter(Boolean).length,
          next: nexts[i] ?? "",
          nextStage: kind.nextStage,
          isNextTold: nexts[i] === TOLD,
        };
        assert.deepEqual(stands.get(cell), expected, ["after the first attempt", "after the last"][i]);
      });
    });
  }
});

async function startEndpoints(suite: ReturnType<typeof forSuite>): Promise<Endpoints> {
  const { certFile, keyFile } = await createCertificate(suite);
  const [cert, key] = [await readFile(certFile, "utf8"), await readFile(keyFile, "utf8")];
  const calls = new Map<string, number>();
  const reply = (call: ReceivedCall): TargetReply | "hang" => {
    const earlier = calls.get(call.path) ?? 0;
    calls.set(call.path, earlier + 1);
    return REPLIES[call.path.split("/")[1] ?? ""]?.(call, earlier) ?? {};
  };
  return {
    plain: await startTarget(suite, reply),
    tls: await startTarget(suite, reply, { cert, key }),
    next: await startTarget(suite),
  };
}

/** Waits until nothing is being attempted, and nothing will be for the next minutes. */
async function untilNothingIsDue(bench: DeliveryBench): Promise<void> {
  const isQuiet = async (): Promise<boolean> => {
    const [row] = await bench.database.query<{ readonly count: number }>({
      text: `select count(*)::int as count
             from interpose.deliveries d join interpose.queues q on q.instance_id = d.instance_id and q.target_id = d.target_id
             where d.claimed_by is not null
               or (d.state = 'waiting' and q.paused_at is null and d.due_at < clock_timestamp() + interval '5 minutes')`,
      values: [],
    });
    return row?.count === 0;
  };
  await eventually("nothing is due", isQuiet, 30_000);
}

/** How all cells stand. `ids`: for each the delivery to the target that fails, and that to the next. */
async function standOfCells(
  bench: DeliveryBench,
  ids: readonly bigint[],
  next: TestTarget,
): Promise<ReadonlyMap<Cell, CellStand>> {
  const rows = new Map((await bench.deliveries()).map((row) => [row.id, row]));
  const attempts = Map.groupBy(await bench.attempts(), ({ deliveryId }) => deliveryId);
  const rowOf = (i: number): NonNullable<ReturnType<typeof rows.get>> => rows.get(ids[i] ?? 0n) ?? assert.fail();
  const standOf = (i: number): Stand => [rowOf(i).state, rowOf(i).reason].filter(Boolean).join(" ");
  const told = new Set(next.calls.map(({ body }) => (body as { event_type: string }).event_type));
  assert.equal(told.size, next.calls.length, "the next is told once of each");
  return new Map(
    CELLS.map((cell, i) => [
      cell,
      {
        stand: standOf(2 * i),
        failures: rowOf(2 * i).failures,
        attempts: (attempts.get(rowOf(2 * i).id) ?? []).map(
          ({ failure, status, decision }) => `${failure ?? "-"} ${status ?? "-"} ${decision}`,
        ),
        next: standOf(2 * i + 1),
        nextStage: rowOf(2 * i + 1).stage,
        isNextTold: told.has(cell.type),
      },
    ]),
  );
}

/** What the system's resolver says at once where there is a network, and after long where there is none. All other endpoints have addresses. */
function noSuchName(host: string): Promise<never> {
  return Promise.reject(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: "ENOTFOUND" }));
}
