import { create, isMessage, toJson, type MessageInitShape } from "@bufbuild/protobuf";
import { readCloudEvents, type CloudEvent } from "@interpose/protocol";
import {
  EventService,
  PublishedEventSchema,
  PublishEventsRequestSchema,
  PublishEventsResponseSchema,
  type NewEventSchema,
} from "@interpose/protocol/gen/interpose/v1/event_service_pb";
import type { Answer } from "./exchange.ts";
import { bodyOfRest, callOfRest, ownMethodOf, type RestOptions, type RestRequest } from "./rest.ts";

/** Where CloudEvents are published to. */
export const CLOUD_EVENTS_PATH = "/v1/events";

/** Whether a request over REST brings CloudEvents. */
export function isCloudEvents({ request, target }: RestRequest): boolean {
  return request.method === "POST" && target.path === CLOUD_EVENTS_PATH;
}

/**
 * Publishes the CloudEvents of a request, as a call of `PublishEvents`, which all that is said of that method holds for: permission, executions, limits. Answers 202 with the place of
 * the event, or of each event of a batch. Throws what the client is to see.
 */
export async function answerCloudEvents(given: RestRequest, options: RestOptions): Promise<Answer> {
  const body = await bodyOfRest(given, options);
  const { events, isBatch } = readCloudEvents({ header: (name) => given.headers.get(name) ?? undefined, body });
  const message = create(PublishEventsRequestSchema, { events: events.map(eventFromCloudEvent) });
  const { name, method } = ownMethodOf(EventService.method.publishEvents, options);
  if (method.kind !== "unary") throw new Error(`${name} is not unary`);
  const call = callOfRest(given, options);
  const answer = await options.observed.unary(name, call, () => method.invoke(message, call));
  if (!isMessage(answer, PublishEventsResponseSchema)) throw new Error("events were published without an answer");
  const places = answer.events.map((place) => toJson(PublishedEventSchema, place));
  return {
    status: 202,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(isBatch ? places : (places[0] ?? {})),
  };
}

/** Source and id together tell a CloudEvent from every other one. An event without a subject stands for itself alone. */
function eventFromCloudEvent({
  id,
  source,
  type,
  subject,
  aggregateType,
  data,
}: CloudEvent): MessageInitShape<typeof NewEventSchema> {
  return {
    type,
    aggregateId: subject ?? id,
    ...(aggregateType !== undefined && { aggregateType }),
    payload: data,
    idempotencyKey: `${source} ${id}`,
  };
}
