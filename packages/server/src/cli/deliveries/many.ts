import { createClient, type Client } from "@connectrpc/connect";
import type { Command } from "commander";
import { InterposeError } from "@interpose/engine";
import { DeliveryService } from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { CommandTools } from "../command-tools.ts";
import { confirm } from "../confirm.ts";
import { startProgress } from "../progress.ts";
import { filterFrom, isNarrow, type FilterOptions, type GivenFilter } from "./filter.ts";

/** What is given to an order about many deliveries. */
export interface ManyOptions extends FilterOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** So many are changed by one call, so that a bar can grow. */
const CHANGED_AT_ONCE = 500;
/** So many are counted by one call, as many as may be. */
const COUNTED_AT_ONCE = 10_000;

interface Counts {
  readonly count: number;
  readonly gone: number;
  readonly nextPageToken: string;
}
type Order = (
  client: Client<typeof DeliveryService>,
  request: {
    readonly filter: GivenFilter & { readonly deliveryIds: string[] };
    readonly maxCount: number;
    readonly pageToken: string;
    readonly dryRun: boolean;
  },
) => Promise<Counts>;

const ORDERS: Readonly<Record<"cancel" | "replay", Order>> = {
  async cancel(client, request) {
    const { cancelledCount: count, nextPageToken } = await client.cancelDeliveries(request);
    return { count, gone: 0, nextPageToken };
  },
  async replay(client, request) {
    const { replayedCount: count, goneCount: gone, nextPageToken } = await client.replayDeliveries(request);
    return { count, gone, nextPageToken };
  },
};
const DONE = { cancel: "Cancelled", replay: "Replayed" } as const;

/** Counts the deliveries of a filter, of those with the given ids where there are any, asks, and has all of them cancelled or replayed. */
export async function orderMany(
  order: keyof typeof ORDERS,
  ids: readonly string[],
  options: ManyOptions,
  { output, withServer }: CommandTools,
): Promise<void> {
  if (!isNarrow(options) && ids.length === 0) {
    const text = `Say which deliveries to ${order}, such as by --state dead or --target ID. --before 0.001s means all.`;
    throw new InterposeError("bad_request", text);
  }
  const given = filterFrom(options);
  // What comes while this works was not counted, and is not changed.
  const filter = {
    ...given,
    deliveryIds: [...ids],
    createdBefore: given.createdBefore ?? timestampFromDate(new Date()),
  };
  await withServer(async (transport) => {
    const client = createClient(DeliveryService, transport);
    const all = async (dryRun: boolean, maxCount: number, onPart: (count: number) => void) => {
      let [count, gone] = [0, 0];
      for (let pageToken = ""; ;) {
        const part = await ORDERS[order](client, { filter, maxCount, pageToken, dryRun });
        [count, gone, pageToken] = [count + part.count, gone + part.gone, part.nextPageToken];
        onPart(count + gone);
        if (pageToken === "") return { count, gone };
      }
    };
    const counted = await all(true, COUNTED_AT_ONCE, () => undefined);
    const goneText = ({ gone }: { readonly gone: number }): string =>
      gone === 0 ? "" : ` ${gone} have no target or no event any more.`;
    if (options.dryRun) {
      output.answer({ ...counted, dryRun: true }, () => `${counted.count} deliveries to ${order}.${goneText(counted)}`);
      return;
    }
    if (counted.count > 0 && !options.yes) await confirm(`${counted.count} deliveries to ${order}. Go on?`);
    const progress = startProgress(order, counted.count + counted.gone);
    try {
      const done = counted.count === 0 ? counted : await all(false, CHANGED_AT_ONCE, progress.done);
      progress.end();
      output.answer({ ...done, dryRun: false }, () => `${DONE[order]} ${done.count} deliveries.${goneText(done)}`);
    } finally {
      progress.end();
    }
  });
}

/** Adds the options of such an order. */
export function addManyOptions(command: Command): Command {
  return command
    .option("--dry-run", "only count them")
    .option("--yes", "do not ask; without a terminal to ask on, it must be given");
}
