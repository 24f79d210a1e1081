import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HttpTargetCaller } from "@interpose/caller";
import {
  hiddenRoot,
  InterposeError,
  type CallComparison,
  type CallEnd,
  type Exchange,
  type Snapshot,
  type Target,
} from "@interpose/engine";
import type {
  RehearseRunsRequest,
  RehearseRunsResponseSchema,
} from "@interpose/protocol/gen/interpose/v1/try_service_pb";
import { authorize } from "../../../access/authorize.ts";
import type { Call } from "../../../call.ts";
import { checkEndpoint } from "../../../commands/target-rules.ts";
import { createHiding } from "../../../hosts/hiding.ts";
import type { RunChains } from "../../../hosts/run-chain.ts";
import { listRuns } from "../../../store/sql/list-runs.ts";
import type { StoredRun, StoredRunCall } from "../../../store/sql/run-row.ts";
import { selectRunCalls, selectRunMessages } from "../../../store/sql/select-run.ts";
import { selectTargetOutbound } from "../../../store/sql/select-target-outbound.ts";
import { cutToBytes } from "../../../runs/rows.ts";
import { repeatable, type ReadMessage, type Repeatable } from "../../../try/rehearsal.ts";
import type { ApiContext } from "../../context.ts";
import { existingTarget } from "../../existing-target.ts";
import { placesOfTries } from "../places.ts";
import { callToProto, contentsOf, differenceToProto, EFFECTS, stateBefore, structOf } from "../runs/calls.ts";
import { filterFromProto } from "../runs/filter.ts";
import { runToProto } from "../runs/run.ts";
import { messageFromSample, registryOf } from "./message.ts";
import { conditionOf, planOf } from "./subject.ts";

/** What rehearsing needs. */
export interface RehearsalParts {
  readonly call: HttpTargetCaller["call"];
  readonly chains: RunChains;
  readonly newId: () => string;
  readonly snapshot: () => Snapshot;
  /** Paths of what no target sees. */
  readonly hiddenFields: readonly string[];
}

/** Most that one server makes at once. */
const MOST_REHEARSALS = 5;
/** Runs that are repeated at once in one of them. */
const AT_ONCE = 4;
const DEFAULT_COUNT = 100;
/** So much of a reply is shown, in bytes, as on record. */
const SHOWN_REPLY_BYTES = 16 * 1024;

type Answer = MessageInitShape<typeof RehearseRunsResponseSchema>;

/** Makes the handler that repeats what runs on record have sent to one target with another one. It asks for no more once its reader is gone. */
export function createRehearsal(
  api: Pick<ApiContext, "database" | "catalog">,
  parts: RehearsalParts,
): (request: RehearseRunsRequest, call: Call) => AsyncGenerator<Answer> {
  const { database } = api;
  const hide = createHiding(parts.hiddenFields);
  const hidden = hiddenRoot(parts.hiddenFields);

  const takePlace = placesOfTries(MOST_REHEARSALS, "rehearsals");

  async function* rehearse(request: RehearseRunsRequest, call: Call): AsyncGenerator<Answer> {
    const leave = takePlace();
    try {
      yield* rehearseAll(request, call);
    } finally {
      leave();
    }
  }

  async function* rehearseAll(request: RehearseRunsRequest, call: Call): AsyncGenerator<Answer> {
    authorize(call.caller, { kind: "permission", permission: "run.read" });
    const { targetId, maxCount, runs: given } = request;
    const candidate = await candidateOf(request, call);
    const filter = given && filterFromProto(given);
    if (given && given.targetId !== "" && given.targetId !== targetId)
      throw misfit("runs.target_id", "names another target than target_id. Leave it away.");
    const asked = { filter: { ...filter, targetId }, limit: maxCount === 0 ? DEFAULT_COUNT : maxCount };
    const isNone = given !== undefined && filter === undefined;
    const runs = isNone ? [] : await listRuns(database, call.instanceId, asked);
    const totalCount = runs.length;
    yield { totalCount };
    const waiting = [...runs];
    const underWay: Promise<Answer>[] = [];
    const begin = (): void => {
      const run = waiting.shift();
      if (!run || call.signal.aborted) return;
      const repeated = repeat(run, targetId, candidate, call);
      // Of several that fail, as when the store goes away, the first is told, and nobody asks for the others.
      repeated.catch(() => undefined);
      underWay.push(repeated);
    };
    for (let i = 0; i < AT_ONCE; i++) begin();
    let doneCount = 0;
    for (let next = underWay.shift(); next && !call.signal.aborted; next = underWay.shift()) {
      const answer = await next;
      begin();
      yield { ...answer, doneCount: ++doneCount, totalCount };
    }
  }

  return rehearse;

  /** Who is called in place of the target. */
  async function candidateOf(
    { targetId, candidateId, candidateEndpoint }: RehearseRunsRequest,
    call: Call,
  ): Promise<Target> {
    if ((candidateId === "") === (candidateEndpoint === ""))
      throw misfit("candidate_id", "or candidate_endpoint says who is called: give one of them.");
    if (candidateId !== "") return existingTarget(database, call.instanceId, candidateId);
    const target = await existingTarget(database, call.instanceId, targetId);
    checkEndpoint(candidateEndpoint);
    // As for a change of the endpoint: what the target alone may call must not lead elsewhere.
    if (target.egressAllow !== undefined)
      authorize(call.caller, { kind: "permission", permission: "target.egress.write" });
    if ((await selectTargetOutbound(database, call.instanceId, targetId)) !== null)
      throw misfit(
        "candidate_endpoint",
        "cannot be given for a target that is sent secrets of its own: they were given for its own endpoint. Create a target for the other one, and name that as the candidate.",
      );
    return { ...target, endpoint: candidateEndpoint };
  }

  async function repeat(run: StoredRun, targetId: string, candidate: Target, call: Call): Promise<Answer> {
    const shown = runToProto(run);
    const [calls, messages] = await Promise.all([
      selectRunCalls(database, run.id),
      selectRunMessages(database, run.id),
    ]);
    const at = calls.findIndex((each) => each.targetId === targetId);
    const found = calls[at];
    if (!found) return { run: shown, skippedBecause: "its calls are not on record any more" };
    const { contents } = contentsOf(calls, messages);
    const before = stateBefore(run.side, contents, calls, at);
    const recorded = callToProto(found, contents[at] ?? {}, before);
    const recordedCall = { ...found, ...contents[at], side: run.side };
    const ready = repeatable(
      {
        ...recordedCall,
        payload: contents[at]?.payload,
        after: contents[at]?.after,
        outputBefore: run.side === "function" ? before : undefined,
      },
      candidate,
      { read: readerOf(run), hidden },
    );
    if (typeof ready === "string") return { run: shown, recorded, skippedBecause: ready };
    const id = parts.newId();
    const chain = parts.chains.sign(
      parts.chains.next(call.context.runHeader, { runId: id, executionId: run.executionId }),
    );
    const sent = { id: `${id}-1`, target: candidate, payload: ready.payload, chain, purpose: "rehearsal" } as const;
    const exchange = await parts.call(sent, call.signal);
    const judged = ready.judge(exchange);
    return {
      run: shown,
      recorded,
      rehearsed: rehearsedToProto(found, candidate, ready, exchange, judged),
      differences: judged.differences.map(differenceToProto),
      isSame: judged.isSame,
    };
  }

  function readerOf({ method: name, side }: StoredRun): ReadMessage {
    const [method] = name === null || side === "function" ? [] : api.catalog().methodsNamed(name);
    if (!name || !method || side === "function") return () => undefined;
    const registry = registryOf(method);
    const subject = { kind: side, method, name };
    const plan = planOf(subject, parts.snapshot()) ?? { executionId: "", condition: conditionOf(subject), targets: [] };
    return (of, json) => {
      const message = messageFromSample(of === "request" ? method.input : method.output, json, registry);
      return hide(plan, { message, request: undefined }).message;
    };
  }
}

function rehearsedToProto(
  { place }: StoredRunCall,
  target: Target,
  { payload, recordable }: Repeatable,
  exchange: Exchange,
  { end }: CallComparison & { readonly end: CallEnd },
): Answer["rehearsed"] {
  const { status, durationMs } = exchange;
  const shown = exchange.kind === "replied" ? recordable(exchange.body) : undefined;
  const reply = shown && cutToBytes(shown, SHOWN_REPLY_BYTES);
  return {
    place,
    targetId: target.id,
    targetName: target.name,
    durationMs,
    ...(status !== undefined && { status }),
    effect: EFFECTS[end.effect],
    failure: end.failure ?? "",
    detail: end.detail ?? "",
    payload: structOf(payload),
    ...(reply && { reply }),
  };
}

function misfit(field: string, description: string): InterposeError {
  return new InterposeError("bad_request", `${field} ${description}`, { violations: [{ field, description }] });
}
