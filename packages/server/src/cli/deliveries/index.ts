import { toJson } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import type { Command } from "commander";
import { InterposeError } from "@interpose/engine";
import {
  DeliverySchema,
  DeliveryService,
  GetDeliveryResponseSchema,
} from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import type { CommandTools } from "../command-tools.ts";
import { readNumber } from "../input.ts";
import { table } from "../output.ts";
import { readPages } from "../pages.ts";
import { DELIVERY_HEADINGS, deliveryRow, describeDelivery } from "./describe.ts";
import { addFilterOptions, filterFrom, isNarrow, stateName, type FilterOptions } from "./filter.ts";
import { addManyOptions, orderMany, type ManyOptions } from "./many.ts";
import { watchDeliveries } from "./watch.ts";

const MOST_LISTED = 100_000;

/** Adds `deliveries list|get|redeliver|cancel|replay|watch`. */
export function addDeliveries(deliveries: Command, toolsOf: (command: Command) => CommandTools): void {
  deliveries.description("look at what targets were told of events, and set it right");

  addFilterOptions(deliveries.command("list").description("list deliveries, newest first"))
    .option("--limit <number>", "most deliveries to list", "50")
    .addHelpText("after", "\nExample:\n  interpose deliveries list --state dead --since 1d")
    .action(async (options: FilterOptions & { readonly limit: string }, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const filter = filterFrom(options);
      const limit = readNumber(options.limit, "--limit", { least: 1, most: MOST_LISTED });
      const found = await withServer((transport) => {
        const client = createClient(DeliveryService, transport);
        return readPages(limit, async (page) => {
          const { deliveries: items, nextPageToken } = await client.listDeliveries({ ...filter, ...page });
          return { items, nextPageToken };
        });
      });
      output.answer({ deliveries: found.map((delivery) => toJson(DeliverySchema, delivery)) }, () =>
        table(DELIVERY_HEADINGS, found.map(deliveryRow), "There are no such deliveries."),
      );
    });

  deliveries
    .command("get <id>")
    .description("show one delivery with its event, and its last 100 attempts with what came back")
    .addHelpText("after", "\nExample:\n  interpose deliveries get 1017")
    .action(async (id: string, _options: unknown, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const found = await withServer((transport) => createClient(DeliveryService, transport).getDelivery({ id }));
      output.answer(toJson(GetDeliveryResponseSchema, found), () => describeDelivery(found));
    });

  deliveries
    .command("redeliver <id>")
    .description("set one delivery going again: due at once, with its retry schedule from the start")
    .addHelpText("after", "\nExample:\n  interpose deliveries redeliver 1017")
    .action(async (id: string, _options: unknown, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const { delivery } = await withServer((transport) =>
        createClient(DeliveryService, transport).redeliverDelivery({ id }),
      );
      if (delivery)
        output.answer(toJson(DeliverySchema, delivery), () => `Delivery ${id} is ${stateName(delivery.state)}.`);
    });

  addManyOptions(
    addFilterOptions(
      deliveries
        .command("cancel [id]")
        .description("end deliveries without telling their targets: one, or all of a filter that are not over"),
    ),
  )
    .addHelpText(
      "after",
      "\nExamples:\n  interpose deliveries cancel 1017\n  interpose deliveries cancel --target 388913050531135488 --dry-run",
    )
    .action(async (id: string | undefined, options: ManyOptions, command: Command) => {
      const tools = toolsOf(command);
      if (id === undefined) return orderMany("cancel", [], options, tools);
      if (isNarrow(options) || options.dryRun)
        throw new InterposeError("bad_request", "Give the id of one delivery, or a filter for many, and not both.");
      const { delivery } = await tools.withServer((transport) =>
        createClient(DeliveryService, transport).cancelDelivery({ id }),
      );
      if (delivery)
        tools.output.answer(toJson(DeliverySchema, delivery), () => `Delivery ${id} is ${stateName(delivery.state)}.`);
    });

  addManyOptions(
    addFilterOptions(
      deliveries
        .command("replay [ids...]")
        .description(
          "make a new delivery of each that is over, for its target as it is now: of those with these ids, or of all of a filter",
        ),
    ),
  )
    .addHelpText(
      "after",
      "\nExamples:\n  interpose deliveries replay 1017 1019\n  interpose deliveries replay --state dead --since 2h --dry-run\n  interpose deliveries replay --state dead --since 2h --yes",
    )
    .action((ids: readonly string[], options: ManyOptions, command: Command) =>
      orderMany("replay", ids, options, toolsOf(command)),
    );

  addFilterOptions(
    deliveries.command("watch").description("follow deliveries as they are created, attempted and over; until Ctrl-C"),
  )
    .addHelpText("after", "\nExample:\n  interpose deliveries watch --target 388913050531135488 --json")
    .action(async (options: FilterOptions, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const { stopSignal } = await import("../stop-signal.ts");
      const stop = stopSignal();
      await withServer((transport) => watchDeliveries(transport, filterFrom(options), { output, stop }));
    });
}
