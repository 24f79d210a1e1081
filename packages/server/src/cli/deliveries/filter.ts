import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { Option, type Command } from "commander";
import { InterposeError } from "@interpose/engine";
import { DeliveryState } from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import { parseMoment } from "../moment.ts";

/** The filter's options as they are given. */
export interface FilterOptions {
  readonly state?: readonly string[];
  readonly target?: string;
  readonly execution?: string;
  readonly eventType?: string;
  readonly aggregateType?: string;
  readonly aggregateId?: string;
  readonly event?: string;
  readonly replayOf?: string;
  readonly since?: string;
  readonly before?: string;
}

/** A filter as the API takes it. */
export interface GivenFilter {
  readonly states: DeliveryState[];
  readonly targetId: string;
  readonly executionId: string;
  readonly eventType: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly eventPosition: bigint;
  readonly replayOf: string;
  readonly createdAfter?: Timestamp;
  readonly createdBefore?: Timestamp;
}

const STATES = new Map(
  Object.entries(DeliveryState).flatMap(([name, state]) =>
    typeof state === "number" && state !== DeliveryState.UNSPECIFIED ? [[name.toLowerCase(), state] as const] : [],
  ),
);

/** The name of a state, as options and tables have it. */
export function stateName(state: DeliveryState): string {
  return DeliveryState[state].toLowerCase();
}

/** Adds the options of a filter. All that are given must hold. */
export function addFilterOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--state <state...>", "in one of these states; dead letters are dead").choices([...STATES.keys()]),
    )
    .option("--target <id>", "to this target, also one that is gone")
    .option("--execution <condition>", "caused by this execution, such as event/user.added")
    .option("--event-type <type>", "of events of this type")
    .option("--aggregate-type <type>", "of events of aggregates of this type")
    .option("--aggregate-id <id>", "of events of this aggregate; its type must be given too")
    .option("--event <id>", "of this event")
    .option("--replay-of <id>", "replays of this delivery")
    .option("--since <time>", "created from this time on: 2026-01-31T12:00:00Z, or 2h for two hours ago")
    .option("--before <time>", "created before this time");
}

/** The filter of what is given. */
export function filterFrom(options: FilterOptions): GivenFilter {
  const { since, before, event } = options;
  if (event !== undefined && !/^[1-9]\d{0,17}$/.test(event))
    throw new InterposeError("bad_request", `--event: "${event}" is the id of no event. Ids are whole numbers.`);
  return {
    states: (options.state ?? []).flatMap((name) => STATES.get(name) ?? []),
    targetId: options.target ?? "",
    executionId: options.execution ?? "",
    eventType: options.eventType ?? "",
    aggregateType: options.aggregateType ?? "",
    aggregateId: options.aggregateId ?? "",
    eventPosition: BigInt(event ?? 0),
    replayOf: options.replayOf ?? "",
    ...(since !== undefined && { createdAfter: parseMoment(since, "--since") }),
    ...(before !== undefined && { createdBefore: parseMoment(before, "--before") }),
  };
}

/** Whether a filter leaves anything out. */
export function isNarrow(options: FilterOptions): boolean {
  const { state, target, execution, eventType, aggregateType, aggregateId, event, replayOf, since, before } = options;
  const given = [state, target, execution, eventType, aggregateType, aggregateId, event, replayOf, since, before];
  return given.some((value) => value !== undefined);
}
