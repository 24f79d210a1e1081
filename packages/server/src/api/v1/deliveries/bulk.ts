import type { MessageInitShape } from "@bufbuild/protobuf";
import { InterposeError } from "@interpose/engine";
import type {
  CancelDeliveriesRequest,
  CancelDeliveriesResponseSchema,
  DeliveryFilter as ProtoFilter,
  ReplayDeliveriesRequest,
  ReplayDeliveriesResponseSchema,
} from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import { cancelDeliveries } from "../../../commands/cancel-deliveries.ts";
import type { CommandContext } from "../../../commands/context.ts";
import { replayDeliveries } from "../../../commands/replay-deliveries.ts";
import type { DeliveryFilter, ShownState } from "../../../store/sql/delivery-filter.ts";
import { newestDeliveryId } from "../../../store/sql/newest-delivery-id.ts";
import {
  selectDeliveriesToChange,
  type DeliveryWalk,
  type FoundDelivery,
} from "../../../store/sql/select-deliveries-to-change.ts";
import { filterFromProto, withIdsOfTimes } from "./filter.ts";
import { writePageToken } from "../../page-token.ts";
import { behindDeliveries, readPageToken } from "./page-token.ts";

/** Most deliveries that one call changes. */
const MOST_OF_A_CALL = 10_000;
/** Most that one transaction changes, so that none holds locks for long. */
const BATCH = 1_000;

const OPEN: readonly ShownState[] = ["blocked", "queued", "waiting", "running", "held"];
const OVER: readonly ShownState[] = ["succeeded", "dead", "cancelled", "skipped"];

/** Cancels what matches and is not over, the newest first: so nothing that is to be cancelled begins because of what was cancelled before it. */
export async function cancelMany(
  context: CommandContext,
  { filter: given, pageToken, dryRun, maxCount }: CancelDeliveriesRequest,
): Promise<MessageInitShape<typeof CancelDeliveriesResponseSchema>> {
  const asked = filterOf(given);
  const [behind] = pageToken === "" ? [] : readPageToken(pageToken, "cancel", asked);
  const filter = await withIdsOfTimes(context.database, { ...asked, states: within(OPEN, asked.states) });
  let cancelledCount = 0;
  const last = await walk(
    context,
    { filter, direction: "newest first", behind, limit: most(maxCount) },
    async (found) => {
      const ids = found.map(({ id }) => id);
      cancelledCount += dryRun ? ids.length : await cancelDeliveries(context, ids);
    },
  );
  return {
    cancelledCount,
    nextPageToken: last === undefined ? "" : writePageToken(behindDeliveries([last], "cancel", asked)),
  };
}

/** Replays what matches and is over, the oldest first: so what was told in order is told in order again. What is made meanwhile is no part of it. */
export async function replayMany(
  context: CommandContext,
  { filter: given, pageToken, dryRun, maxCount }: ReplayDeliveriesRequest,
): Promise<MessageInitShape<typeof ReplayDeliveriesResponseSchema>> {
  const asked = filterOf(given);
  const [behind, until = await newestDeliveryId(context.database)] =
    pageToken === "" ? [] : readPageToken(pageToken, "replay", asked);
  const { ids, ...filter } = await withIdsOfTimes(context.database, { ...asked, states: within(OVER, asked.states) });
  const to = ids && ids.to < until ? ids.to : until;
  let replayedCount = 0;
  let goneCount = 0;
  const last = await walk(
    context,
    {
      filter: { ...filter, ids: { from: ids?.from ?? 0n, to } },
      direction: "oldest first",
      behind,
      limit: most(maxCount),
    },
    async (found) => {
      const wanted = found.filter(({ canBeTold }) => canBeTold).map(({ id }) => id);
      const made = dryRun ? wanted.length : await replayDeliveries(context, wanted);
      replayedCount += made;
      goneCount += found.length - made;
    },
  );
  return {
    replayedCount,
    goneCount,
    nextPageToken: last === undefined ? "" : writePageToken(behindDeliveries([last, until], "replay", asked)),
  };
}

/** Walks through what matches, batch by batch. Answers the last delivery that it came to, or undefined when it came to the end. */
async function walk(
  { database, instanceId }: CommandContext,
  { behind, limit, ...rest }: DeliveryWalk,
  visit: (batch: readonly FoundDelivery[]) => Promise<void>,
): Promise<bigint | undefined> {
  let last = behind;
  for (let left = limit; left > 0;) {
    const size = Math.min(left, BATCH);
    const batch = await selectDeliveriesToChange(database, instanceId, { ...rest, behind: last, limit: size });
    if (batch.length > 0) await visit(batch);
    if (batch.length < size) return undefined;
    last = batch.at(-1)?.id;
    left -= size;
  }
  return last;
}

function most(maxCount: number): number {
  return maxCount === 0 ? MOST_OF_A_CALL : maxCount;
}

/** Of the states that can be meant, those that were asked for; a state that there is none of where they have none in common. */
function within(possible: readonly ShownState[], asked: readonly ShownState[]): readonly ShownState[] {
  if (asked.length === 0) return possible;
  const common = possible.filter((state) => asked.includes(state));
  if (common.length > 0) return common;
  const field = "filter.states";
  const description = `has none of the states that this is for: ${possible.join(", ")}.`;
  throw new InterposeError("bad_request", `${field} ${description}`, { violations: [{ field, description }] });
}

/** The filter of a call that changes what matches. Throws `bad_request` for one that leaves nothing out. */
function filterOf(given: ProtoFilter | undefined): DeliveryFilter {
  const filter = given && filterFromProto(given, "filter.");
  const isEmpty = ({ states, ...rest }: DeliveryFilter): boolean =>
    states.length === 0 && Object.values(rest).every((value) => value === undefined);
  if (filter && !isEmpty(filter)) return filter;
  const field = "filter";
  const description =
    "is empty, and would mean every delivery. Give a field of it; created_before with the time now means all.";
  throw new InterposeError("bad_request", `${field} ${description}`, { violations: [{ field, description }] });
}
