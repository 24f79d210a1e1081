import { fromJson, toJson, type JsonValue } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import type { Command } from "commander";
import { InterposeError } from "@interpose/engine";
import {
  EventSchema,
  EventService,
  EventTypeKind,
  EventTypeSchema,
  NewEventSchema,
  PublishedEventSchema,
  PublishEventResponseSchema,
  type Event,
} from "@interpose/protocol/gen/interpose/v1/event_service_pb";
import type { CommandTools } from "./command-tools.ts";
import { JSON_INPUT, readJson, readJsonObject, readNumber } from "./input.ts";
import { parseMoment } from "./moment.ts";
import { printable, table } from "./output.ts";
import { readPages } from "./pages.ts";
import { readableTime } from "./readable.ts";

const MOST_LISTED = 100_000;

interface PublishOptions {
  readonly type?: string;
  readonly aggregateId?: string;
  readonly aggregateType?: string;
  readonly payload?: string;
  readonly key?: string;
  readonly user?: string;
  readonly owner?: string;
  readonly payloadVersion?: string;
  readonly batch?: string;
}

interface ListOptions {
  readonly type?: string;
  readonly aggregateType?: string;
  readonly aggregateId?: string;
  readonly since?: string;
  readonly before?: string;
  readonly limit: string;
}

/** Adds `events publish|list|get|types|declare|forget`. */
export function addEvents(events: Command, toolsOf: (command: Command) => CommandTools): void {
  events.description("publish events, and read the log that they are appended to");

  events
    .command("publish")
    .description("publish an event, or several; answered when it is stored with its deliveries")
    .option("--type <type>", "what happened, such as user.human.added")
    .option("--aggregate-id <id>", "id of what it happened to")
    .option("--aggregate-type <type>", "type of what it happened to; default: the first segment of --type")
    .option("--payload <json>", `what targets are told of it: an object as ${JSON_INPUT}`)
    .option("--key <text>", "idempotency key: published again under it, the event is not appended again")
    .option("--user <id>", "who caused it; default: the token")
    .option("--owner <id>", "to whom the aggregate belongs; default: to the instance")
    .option("--payload-version <text>", "version of the payload's form; default: v1")
    .option("--batch <json>", `a list of events as the API takes them, all of them or none: ${JSON_INPUT}`)
    .addHelpText(
      "after",
      `\nExamples:\n  interpose events publish --type order.paid --aggregate-id 42 --payload '{"amount": 12}' --key order-42-paid\n  interpose events publish --batch @events.json`,
    )
    .action(async (options: PublishOptions, command: Command) => {
      const { output, withServer } = toolsOf(command);
      if (options.batch !== undefined) {
        const batch = await batchFrom(options.batch, options);
        const { events: places } = await withServer((transport) =>
          createClient(EventService, transport).publishEvents({ events: batch }),
        );
        output.answer({ events: places.map((place) => toJson(PublishedEventSchema, place)) }, () => {
          const repeated = places.filter((place) => place.repeated).length;
          return `Published ${places.length - repeated} events${repeated > 0 ? `; ${repeated} were there already` : ""}.`;
        });
        return;
      }
      const { type, aggregateId } = options;
      if (type === undefined || aggregateId === undefined)
        throw new InterposeError("bad_request", "Give --type and --aggregate-id, or a --batch.");
      const payload = options.payload === undefined ? {} : await readJsonObject(options.payload, "--payload");
      const event = {
        type,
        aggregateId,
        aggregateType: options.aggregateType ?? "",
        payload,
        idempotencyKey: options.key ?? "",
        userId: options.user ?? "",
        resourceOwner: options.owner ?? "",
        version: options.payloadVersion ?? "",
      };
      const place = await withServer((transport) => createClient(EventService, transport).publishEvent({ event }));
      output.answer(toJson(PublishEventResponseSchema, place), () =>
        place.repeated
          ? `It was there already: event ${place.id}, #${place.sequence} of its aggregate.`
          : `Published event ${place.id}, #${place.sequence} of its aggregate.`,
      );
    });

  events
    .command("list")
    .description("list events, newest first")
    .option("--type <type>", "only events of this type")
    .option("--aggregate-type <type>", "only events of aggregates of this type")
    .option("--aggregate-id <id>", "only events of aggregates with this id")
    .option("--since <time>", "only events from this time on: 2026-01-31T12:00:00Z, or 2h for two hours ago")
    .option("--before <time>", "only events before this time")
    .option("--limit <number>", "most events to list", "50")
    .addHelpText("after", "\nExample:\n  interpose events list --type order.paid --since 1h")
    .action(async ({ type = "", aggregateType = "", aggregateId = "", ...rest }: ListOptions, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const filter = {
        type,
        aggregateType,
        aggregateId,
        ...(rest.since !== undefined && { startTime: parseMoment(rest.since, "--since") }),
        ...(rest.before !== undefined && { endTime: parseMoment(rest.before, "--before") }),
      };
      const limit = readNumber(rest.limit, "--limit", { least: 1, most: MOST_LISTED });
      const found = await withServer((transport) => {
        const client = createClient(EventService, transport);
        return readPages(limit, async (page) => {
          const { events: items, nextPageToken } = await client.listEvents({ ...filter, ...page });
          return { items, nextPageToken };
        });
      });
      const rows = found.map((event) => [
        event.id,
        readableTime(event.createTime),
        event.type,
        `${event.aggregateType}/${event.aggregateId}`,
        String(event.sequence),
        event.userId,
      ]);
      output.answer({ events: found.map((event) => toJson(EventSchema, event)) }, () =>
        table(["ID", "TIME", "TYPE", "AGGREGATE", "#", "BY"], rows, "There are no such events."),
      );
    });

  events
    .command("get <id>")
    .description("show one event with its payload")
    .addHelpText("after", "\nExample:\n  interpose events get 112")
    .action(async (id: string, _options: unknown, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const { event } = await withServer((transport) => createClient(EventService, transport).getEvent({ id }));
      if (event) output.answer(toJson(EventSchema, event), () => describeEvent(event));
    });

  events
    .command("types")
    .description("list the types of events that are known, by name")
    .addHelpText("after", "\nExample:\n  interpose events types")
    .action(async (_options: unknown, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const found = await withServer((transport) => {
        const client = createClient(EventService, transport);
        return readPages(MOST_LISTED, async (page) => {
          const { eventTypes: items, nextPageToken } = await client.listEventTypes(page);
          return { items, nextPageToken };
        });
      });
      const rows = found.map(({ type, kind, description }) => [type, EventTypeKind[kind].toLowerCase(), description]);
      output.answer({ eventTypes: found.map((type) => toJson(EventTypeSchema, type)) }, () =>
        table(["TYPE", "KNOWN AS", "DESCRIPTION"], rows, "No types are known."),
      );
    });

  events
    .command("declare <type>")
    .description("declare a type of events, or change its description")
    .option("--description <text>", "what it means", "")
    .addHelpText("after", "\nExample:\n  interpose events declare order.paid --description 'an order was paid in full'")
    .action(async (type: string, { description }: { readonly description: string }, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const { eventType } = await withServer((transport) =>
        createClient(EventService, transport).declareEventType({ type, description }),
      );
      if (eventType) output.answer(toJson(EventTypeSchema, eventType), () => `Declared ${printable(type)}.`);
    });

  events
    .command("forget <type>")
    .description("forget a type of events; its events stay")
    .addHelpText("after", "\nExample:\n  interpose events forget order.paid")
    .action(async (type: string, _options: unknown, command: Command) => {
      const { output, withServer } = toolsOf(command);
      await withServer((transport) => createClient(EventService, transport).deleteEventType({ type }));
      output.answer({ type }, () => `Forgot ${printable(type)}.`);
    });
}

async function batchFrom(given: string, { batch: _batch, ...others }: PublishOptions) {
  if (Object.keys(others).length > 0 && (others.type ?? others.aggregateId ?? others.payload) !== undefined)
    throw new InterposeError(
      "bad_request",
      "--batch has all of its events: give no --type, --aggregate-id or --payload with it.",
    );
  const list = await readJson(given, "--batch");
  if (!Array.isArray(list)) throw new InterposeError("bad_request", "--batch: this is no list of events.");
  return list.map((event: JsonValue, i) => {
    try {
      return fromJson(NewEventSchema, event);
    } catch (error) {
      throw new InterposeError("bad_request", `--batch: events[${i}]: ${(error as Error).message}`);
    }
  });
}

function describeEvent(event: Event): string {
  const { id, type, aggregateType, aggregateId, sequence, userId, version, idempotencyKey, createTime, payload } =
    event;
  const lines = [
    `Event      ${id}`,
    `Type       ${type}`,
    `Aggregate  ${aggregateType}/${aggregateId}, #${sequence}`,
    `Time       ${readableTime(createTime)}`,
    `By         ${userId}`,
    `Version    ${version}`,
    ...(idempotencyKey === "" ? [] : [`Key        ${idempotencyKey}`]),
  ].map(printable);
  return [...lines, "", JSON.stringify(payload ?? {}, undefined, 2)].join("\n");
}
