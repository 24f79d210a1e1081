import { toJson, type JsonObject } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { Option, type Command } from "commander";
import {
  Dialect,
  ReplyMode,
  TargetService,
  TargetSettingsSchema,
} from "@interpose/protocol/gen/interpose/v1/target_service_pb";
import { durationFromMs } from "../../api/duration.ts";
import type { CommandTools } from "../command-tools.ts";
import { parseDuration } from "../duration.ts";
import { readNumber } from "../input.ts";
import { printable } from "../output.ts";

interface SettingsOptions {
  /** False: the default. */
  readonly retry?: readonly string[] | false;
  readonly maxConcurrency?: string;
  readonly maxPerSecond?: string;
  readonly dialect?: "v3alpha" | "v2";
  readonly replyMode?: "dialect" | "patch";
  /** False: nothing. */
  readonly egressAllow?: readonly string[] | false;
}

const DIALECTS = { v3alpha: Dialect.V3ALPHA, v2: Dialect.V2 } as const;
const REPLY_MODES = { dialect: ReplyMode.DIALECT, patch: ReplyMode.PATCH } as const;

/** Adds `targets settings`. */
export function addSettings(targets: Command, toolsOf: (command: Command) => CommandTools): void {
  targets
    .command("settings <id>")
    .description("show or change how a target is delivered to and talked with")
    .option("--retry <duration...>", "time before each attempt after the first, such as 10s 1m 10m")
    .option("--no-retry", "the default schedule again")
    .option("--max-concurrency <number>", "most attempts at once, on all servers together")
    .option("--max-per-second <number>", "most attempts that begin within a second; 0: any number")
    .addOption(new Option("--dialect <dialect>", "spelling of what it is sent").choices(Object.keys(DIALECTS)))
    .addOption(
      new Option("--reply-mode <mode>", "how replies are applied: as the dialect has it, or as a patch").choices(
        Object.keys(REPLY_MODES),
      ),
    )
    .option("--egress-allow <network...>", "what may be called for this target alone: CIDRs and hosts")
    .option("--no-egress-allow", "nothing beyond what the server allows")
    .addHelpText(
      "after",
      "\nExamples:\n  interpose targets settings 388913050531135488\n  interpose targets settings 388913050531135488 --retry 10s 1m 10m --max-concurrency 5",
    )
    .action(async (targetId: string, options: SettingsOptions, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const { settings: given, paths } = settingsFrom(options);
      const { settings } = await withServer(async (transport) => {
        const client = createClient(TargetService, transport);
        if (paths.length === 0) return await client.getTargetSettings({ targetId });
        return await client.updateTargetSettings({ targetId, settings: given, updateMask: { paths } });
      });
      const document = settings ? (toJson(TargetSettingsSchema, settings) as JsonObject) : {};
      output.answer(document, () => describeSettings(document));
    });
}

function settingsFrom({ retry, maxConcurrency, maxPerSecond, dialect, replyMode, egressAllow }: SettingsOptions) {
  const delays = (retry === false ? [] : (retry ?? [])).map((text) => durationFromMs(parseDuration(text, "--retry")));
  return {
    settings: {
      ...(dialect !== undefined && { dialect: DIALECTS[dialect] }),
      ...(replyMode !== undefined && { replyMode: REPLY_MODES[replyMode] }),
      ...(egressAllow !== undefined && { egressAllow: egressAllow === false ? [] : [...egressAllow] }),
      delivery: {
        ...(retry && { retry: { delays } }),
        ...(maxConcurrency !== undefined && {
          maxConcurrency: readNumber(maxConcurrency, "--max-concurrency", { least: 1, most: 1_000 }),
        }),
        ...(maxPerSecond !== undefined && {
          maxPerSecond: readNumber(maxPerSecond, "--max-per-second", { least: 0, most: 100_000 }),
        }),
      },
    },
    paths: [
      ...(dialect === undefined ? [] : ["dialect"]),
      ...(replyMode === undefined ? [] : ["reply_mode"]),
      ...(egressAllow === undefined ? [] : ["egress_allow"]),
      ...(retry === undefined ? [] : ["delivery.retry"]),
      ...(maxConcurrency === undefined ? [] : ["delivery.max_concurrency"]),
      ...(maxPerSecond === undefined ? [] : ["delivery.max_per_second"]),
    ],
  };
}

/** Settings for people: a line for each, by the names that the API has. */
export function describeSettings(settings: JsonObject): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}: ${typeof value === "string" ? printable(value) : JSON.stringify(value)}`)
    .join("\n");
}
