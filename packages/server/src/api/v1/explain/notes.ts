import { durationText, MAX_PLAN_TARGETS, type Explanation, type ExplainedSubject } from "@interpose/engine";
import type { ServiceHost } from "../../../hosts/service-host.ts";

/** What of the server notes speak of. */
export interface NoteParts {
  readonly hosts: readonly ServiceHost[];
  /** Paths of fields that no target is shown. */
  readonly hiddenFields: readonly string[];
  readonly limits: { readonly maxRunSeconds: number; readonly maxRunDepth: number };
  /** Whether this server delivers events. */
  readonly delivers: boolean;
}

/** For which calls a plan is carried out otherwise than it stands there, or not at all. A sentence or two each. */
export function notesOf(
  subject: ExplainedSubject,
  explanation: Explanation,
  isKnown: boolean,
  parts: NoteParts,
): readonly string[] {
  if (explanation.neverRuns) return [];
  const { plan, isCut } = explanation;
  const cut = isCut ? [`A plan has at most ${MAX_PLAN_TARGETS} targets. What stands behind them is left out.`] : [];
  if (subject.kind === "event") return plan ? [...notesOfEvent(explanation, parts), ...cut] : [];
  if (subject.kind === "function") return plan ? [...notesOfRun(explanation, parts), ...cut] : [];
  return [
    ...notesOfUnknown(explanation, isKnown, parts),
    ...(plan ? [...notesOfMessage(subject, explanation, parts), ...notesOfRun(explanation, parts), ...cut] : []),
  ];
}

/** What becomes of methods that nobody has described. */
function notesOfUnknown({ plan }: Explanation, isKnown: boolean, { hosts }: NoteParts): readonly string[] {
  const gateways = hosts.filter(({ name }) => name.startsWith("gateway/"));
  if (isKnown) return [];
  if (gateways.length === 0) return plan ? ["Nobody serves the method here, so no call of it comes by."] : [];
  const undescribed = gateways.filter(({ services }) => services.length === 0).map(({ name }) => name);
  const unknown = undescribed.length > 0 ? ` Nothing is known yet of what is behind ${undescribed.join(", ")}.` : "";
  if (!plan) return [`The gateways let calls pass that their APIs do not describe.${unknown}`];
  const isOnAll =
    (plan.condition.kind === "request" || plan.condition.kind === "response") && plan.condition.scope.kind === "all";
  return [
    isOnAll && undescribed.length === 0
      ? "What an API does not describe is not meant by an execution on everything: the gateways let calls of it pass."
      : `The gateways refuse calls of it, since its messages are not described, and could not be shown to targets.${unknown}`,
  ];
}

function notesOfMessage(
  { kind, service, method }: ExplainedSubject & { readonly kind: "request" | "response" },
  { plan }: Explanation,
  { hosts, hiddenFields }: NoteParts,
): readonly string[] {
  const serving = hosts.filter(({ services }) => services.some(({ typeName }) => typeName === service));
  const methods = serving
    .flatMap(({ services }) => services.filter(({ typeName }) => typeName === service))
    .flatMap((each) => each.methods.filter(({ name }) => name === method));
  const streams = methods.some(({ methodKind }) =>
    kind === "request"
      ? methodKind === "client_streaming" || methodKind === "bidi_streaming"
      : methodKind === "server_streaming" || methodKind === "bidi_streaming",
  );
  const hidden = [...new Set([...(plan?.options?.hiddenFields ?? []), ...hiddenFields])];
  return [
    ...(streams ? [`It is a stream: the plan is carried out for each message of it, in order.`] : []),
    ...(kind === "response"
      ? [
          plan?.options?.runOnErrors
            ? "It is carried out for errors of the API too (runOnErrors)."
            : "It is not carried out where the API answers an error: its option runOnErrors is off.",
        ]
      : []),
    ...(hidden.length > 0
      ? [
          `Targets neither see nor change these fields: ${shortList(hidden)} (hiddenFields, of the execution or the settings).`,
        ]
      : []),
    ...(serving.some(({ name }) => name === "api")
      ? ["Callers with the permission execution.bypass get past it, by the header interpose-bypass: true."]
      : []),
  ];
}

function notesOfRun({ steps }: Explanation, { limits: { maxRunSeconds, maxRunDepth } }: NoteParts): readonly string[] {
  const waitedMs = steps
    .filter(({ target }) => target.type !== "async")
    .reduce((sum, { target }) => sum + target.timeoutMs, 0);
  return [
    ...(waitedMs > maxRunSeconds * 1_000
      ? [
          `Its targets' timeouts add up to ${durationText(waitedMs)}. All of them together get ${maxRunSeconds} s (limits.maxRunSeconds), or what the caller waits for.`,
        ]
      : []),
    `Where ${maxRunDepth} runs have led to the call already, it is refused: targets that cause calls of what calls them would never end (limits.maxRunDepth).`,
  ];
}

function notesOfEvent({ plan, steps }: Explanation, { delivers, limits }: NoteParts): readonly string[] {
  const waits = steps.some(({ target }, i) => i < steps.length - 1 && target.type !== "async");
  return [
    ...(waits
      ? [
          "Each target is told after the one before it: once that was told, where it interrupts, or after its first attempt, where it does not. Nobody waits for those of the type async.",
        ]
      : []),
    ...(plan?.options?.fifoBy !== undefined
      ? [
          `Deliveries to a target with the same key follow each other (fifoBy ${plan.options.fifoBy}): one that is retried holds up those after it.`,
        ]
      : []),
    ...(delivers ? [] : ["This server delivers nothing itself (deliveries.enabled): another one must."]),
    `An event that ${limits.maxRunDepth} runs led to is delivered to nobody (limits.maxRunDepth).`,
  ];
}

const MOST_LISTED = 10;

function shortList(texts: readonly string[]): string {
  const more = texts.length - MOST_LISTED;
  return `${texts.slice(0, MOST_LISTED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
