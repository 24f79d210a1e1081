import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  explain,
  InterposeError,
  methodScopeFromText,
  type ExplainedSubject,
  type PlanSources,
  type PlanStep,
  type Snapshot,
} from "@interpose/engine";
import {
  ExplainKind,
  ExplainService,
  type ExplainRequest,
  type PlanStepSchema,
  type TargetHealthSchema,
} from "@interpose/protocol/gen/interpose/v1/explain_service_pb";
import { NEVER_HOOKED } from "../../../hosts/never-hooked.ts";
import type { ApiContext } from "../../context.ts";
import { apiService, type ApiService } from "../../service.ts";
import { healthOf } from "./health.ts";
import { knowledgeOf, type NameKnowledge } from "./names.ts";
import { notesOf, type NoteParts } from "./notes.ts";
import { obstaclesOf, type ObstacleParts } from "./obstacles.ts";

/** What explaining needs. */
export interface ExplainParts extends ObstacleParts, Omit<NoteParts, "hosts"> {
  /** What this node routes by, at this moment. */
  readonly sources: () => PlanSources & { readonly snapshot: Snapshot };
}

/** The service `interpose.v1.ExplainService`. */
export function explainServiceV1(api: ApiContext, parts: ExplainParts): ApiService {
  return apiService(ExplainService, {
    async explain(request, { instanceId, caller: { permissions } }) {
      const subject = subjectFromProto(request);
      const knowledge = await knowledgeOf(subject, api, instanceId);
      const explanation = explain(subject, { ...parts.sources(), neverHooked: NEVER_HOOKED });
      const { plan, candidates, steps, near, missedByVersion, summary } = explanation;
      const targets = [...new Map(steps.map(({ target }) => [target.id, target])).values()];
      const ids = targets.map(({ id }) => id);
      const { database } = api;
      const [health, obstacles] = await Promise.all([
        healthOf(ids, { database, instanceId, permissions }),
        obstaclesOf(targets, parts),
      ]);
      const isEvent = subject.kind === "event";
      const seesEndpoints = permissions.has("execution.target.read") || permissions.has("action.target.read");
      return {
        executionId: plan?.executionId ?? "",
        candidates: candidates.map(({ executionId, isSet, wins, reason }) => ({ executionId, isSet, wins, reason })),
        plan: steps.map((step) => {
          const { id } = step.target;
          const known = { health: health.get(id) ?? {}, obstacles: obstacles.get(id) ?? [] };
          return stepToProto(step, { ...known, isEvent, seesEndpoints });
        }),
        summary: withKnowledge(summary, subject, knowledge),
        isKnown: knowledge.isKnown,
        similar: [...knowledge.similar],
        nearest: near.map(({ executionId, reason }) => ({ executionId, reason })),
        missedByVersion: [...missedByVersion],
        notes: [...notesOf(subject, explanation, knowledge.isKnown, { ...parts, hosts: api.hosts() })],
      };
    },
  });
}

/** What the request asks for; that it asks for one thing was validated. Throws `bad_request` for what is no method. */
function subjectFromProto({ kind, method, function: name, event: type }: ExplainRequest): ExplainedSubject {
  if (kind === ExplainKind.FUNCTION) return { kind: "function", name };
  if (kind === ExplainKind.EVENT) return { kind: "event", type };
  const scope = methodScopeFromText(method.startsWith("/") ? method : `/${method}`);
  if (scope) return { kind: kind === ExplainKind.RESPONSE ? "response" : "request", ...scope };
  const description = `"${method.slice(0, 200)}" is no method. Write it as /package.Service/Method.`;
  throw new InterposeError("bad_request", `method: ${description}`, { violations: [{ field: "method", description }] });
}

const WHAT: Readonly<Record<ExplainedSubject["kind"], string>> = {
  request: "no such method",
  response: "no such method",
  function: "no such function",
  event: "no such type of events; it is learned when one is published",
};

function withKnowledge(summary: string, { kind }: ExplainedSubject, { isKnown, similar }: NameKnowledge): string {
  if (isKnown) return summary;
  const meant = similar.length > 0 ? ` Did you mean ${similar.join(", or ")}?` : "";
  return `${summary} This server knows ${WHAT[kind]}.${meant}`;
}

interface StepKnowledge {
  readonly health: MessageInitShape<typeof TargetHealthSchema>;
  readonly obstacles: readonly string[];
  readonly isEvent: boolean;
  readonly seesEndpoints: boolean;
}

/** Why deliveries to a target would have to wait, by what holds its queue. */
const HELD: Readonly<Record<string, string>> = {
  by_hand: "held: its queue is paused; deliveries wait until it is resumed",
  gone: "held: it said that it is gone (410), so its queue is paused; deliveries wait until it is resumed",
  loop: "held: its queue is paused since its deliveries led to themselves; they wait until it is resumed",
  breaker: "held: it failed too often; deliveries wait until a probe succeeds",
};

function stepToProto(
  { place, target, includedBy, onFailure }: PlanStep,
  { health, obstacles, isEvent, seesEndpoints }: StepKnowledge,
): MessageInitShape<typeof PlanStepSchema> {
  const held = isEvent ? HELD[health.heldBy ?? ""] : undefined;
  return {
    place,
    targetId: target.id,
    targetName: target.name,
    targetType: target.type,
    endpoint: seesEndpoints ? shownEndpoint(target.endpoint) : "",
    timeoutMs: BigInt(target.timeoutMs),
    interruptOnError: target.interruptOnError,
    includedBy: [...includedBy],
    health,
    onFailure: onFailure.map(({ failures, effect, answer }) => ({ failures: [...failures], effect, answer })),
    obstacles: [...obstacles, ...(held === undefined ? [] : [held])],
  };
}

/** A URL without what may be secret of it. */
function shownEndpoint(endpoint: string): string {
  if (!URL.canParse(endpoint)) return "";
  const url = new URL(endpoint);
  const names = [...url.searchParams.keys()].map((name) => `${encodeURIComponent(name)}=***`);
  url.username = "";
  url.password = "";
  url.search = "";
  url.hash = "";
  return `${url.href}${names.length > 0 ? `?${names.join("&")}` : ""}`;
}
