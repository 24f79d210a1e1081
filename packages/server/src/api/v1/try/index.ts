import type { MessageInitShape } from "@bufbuild/protobuf";
import { InterposeError, type JsonObject, type Plan } from "@interpose/engine";
import { RunOutcome } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import {
  TryService,
  type TryRequest,
  type TryResponseSchema,
} from "@interpose/protocol/gen/interpose/v1/try_service_pb";
import type { Call } from "../../../call.ts";
import { tryEvent, type TryEventParts } from "../../../try/try-event.ts";
import { planOfOne, tryFunction, tryMessage, type Tried, type TryParts } from "../../../try/try.ts";
import type { ApiContext } from "../../context.ts";
import { existingTarget } from "../../existing-target.ts";
import { apiService, type ApiService } from "../../service.ts";
import { placesOfTries } from "../places.ts";
import { differences, structOf } from "../runs/calls.ts";
import { callsToProto, errorToProto, headersToProto, OUTCOMES, toldToProto } from "./answer.ts";
import { messageFromSample, registryOf, violationsOf } from "./message.ts";
import { createRehearsal, type RehearsalParts } from "./rehearse.ts";
import { makeSample } from "./sample.ts";
import { conditionOf, planOf, subjectFromProto, type Subject } from "./subject.ts";

/** What the service needs. */
export interface TryServiceParts extends TryParts, Omit<TryEventParts, "deliver">, RehearsalParts {}

/** Most that one server makes at once: each holds its payloads and replies until all of its targets have answered. */
const MOST_TRIES = 20;

type Answer = MessageInitShape<typeof TryResponseSchema>;

/** The service `interpose.v1.TryService`. */
export function tryServiceV1(api: ApiContext, parts: TryServiceParts): ApiService {
  const takePlace = placesOfTries(MOST_TRIES, "tries");
  return apiService(TryService, {
    makeSample: (request, call) => makeSample(api, request, call),

    async try(given, call) {
      const leave = takePlace();
      try {
        return await tryOne(given, call);
      } finally {
        leave();
      }
    },

    rehearseRuns: createRehearsal(api, parts),
  });

  async function tryOne(given: TryRequest, call: Call): Promise<Answer> {
    const subject = subjectFromProto(required(given.subject), api);
    const plan = await planToTry(subject, given.targetId, call);
    switch (subject.kind) {
      case "function":
        return answerOf(plan, await tryFunction(parts, subject.name, given.request ?? {}, { plan, call }));
      case "event":
        return plan ? eventAnswer(plan, subject.type, given.request ?? {}, call) : nothingCalled(given.request);
      default:
        return messageAnswer(subject, given, plan, call);
    }
  }

  async function planToTry(subject: Subject, targetId: string, call: Call): Promise<Plan | undefined> {
    const hooked = planOf(subject, parts.snapshot());
    if (targetId === "") return hooked;
    const target = await existingTarget(api.database, call.instanceId, targetId);
    return planOfOne(target, hooked ?? { executionId: "", condition: conditionOf(subject), targets: [] });
  }

  async function messageAnswer(
    subject: Subject & { readonly kind: "request" | "response" },
    given: TryRequest,
    plan: Plan | undefined,
    call: Call,
  ): Promise<Answer> {
    const { method, name, kind } = subject;
    const registry = registryOf(method);
    const request = messageFromSample(method.input, given.request ?? {}, registry);
    if (kind === "request" && given.response) throw responseOfRequest();
    const schema = kind === "request" ? method.input : method.output;
    const message = kind === "request" ? request : messageFromSample(schema, given.response ?? {}, registry);
    if (!plan) return { ...nothingCalled(message.json("camel")), violations: violationsOf(schema, message) };
    const tried = { side: kind, method: name, message, request: kind === "response" ? request : undefined };
    const { tried: done, message: after } = await tryMessage(parts, tried, plan, call);
    return { ...answerOf(plan, done), violations: violationsOf(schema, after) };
  }

  async function eventAnswer(plan: Plan, type: string, payload: JsonObject, call: Call): Promise<Answer> {
    const told = await tryEvent(parts, { type, payload, plan }, call);
    return {
      executionId: plan.executionId,
      calls: toldToProto(told),
      sent: headersToProto(told.map(({ exchange }) => exchange)),
      outcome: RunOutcome.PASSED,
      after: structOf(payload),
    };
  }
}

function answerOf(plan: Plan | undefined, tried: Tried): Answer {
  const { outcome, error, shown, calls } = tried;
  return {
    executionId: plan?.executionId ?? "",
    calls: callsToProto(tried),
    sent: headersToProto(calls.map(({ exchange }) => exchange)),
    outcome: OUTCOMES[outcome],
    ...(error && { error: errorToProto(error) }),
    ...(shown && { after: structOf(shown.after), differences: differences(shown.before, shown.after) }),
  };
}

function nothingCalled(sample: JsonObject | undefined): Answer {
  return { outcome: RunOutcome.PASSED, ...(sample && { after: structOf(sample) }) };
}

function required<T>(value: T | undefined): T {
  if (value !== undefined) return value;
  throw new InterposeError("bad_request", "subject: say what is tried.");
}

function responseOfRequest(): InterposeError {
  const description =
    "is for a sample of a response, and this is one of a request. Leave it away, or ask for the response.";
  return new InterposeError("bad_request", `response: ${description}`, {
    violations: [{ field: "response", description }],
  });
}
