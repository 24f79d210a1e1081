import { Option, type Command } from "commander";
import type { TargetType } from "@interpose/engine";
import { parseDuration } from "../duration.ts";
import { table } from "../output.ts";
import type { CommandTools } from "../command-tools.ts";
import { addTargetOutbound } from "../outbound.ts";
import { addDetail } from "./detail.ts";
import { addKeys } from "./keys.ts";
import { addQueue } from "./queue.ts";
import { addSettings } from "./settings.ts";

interface CreateOptions {
  readonly name: string;
  readonly endpoint: string;
  readonly type: TargetType;
  readonly timeout: string;
  readonly interruptOnError?: boolean;
}

/** Adds `targets list|create|delete`, and what its siblings add. */
export function addTargets(targets: Command, toolsOf: (command: Command) => CommandTools): void {
  targets.description("manage targets, the HTTP endpoints that executions call");

  targets
    .command("list")
    .description("list all targets")
    .action(async (_options: unknown, command: Command) => {
      const { output, withBackend } = toolsOf(command);
      const found = await withBackend((backend) => backend.listTargets());
      const rows = found.map(({ id, name, type, timeoutMs, interruptOnError, endpoint }) => [
        id,
        name,
        type,
        `${timeoutMs / 1000}s`,
        interruptOnError ? "interrupts" : "",
        endpoint,
      ]);
      const targetsFound = found.map(({ id, name, type, endpoint, timeoutMs, interruptOnError }) => ({
        id,
        name,
        type,
        endpoint,
        timeoutMs,
        interruptOnError,
      }));
      output.answer({ targets: targetsFound }, () =>
        table(["ID", "NAME", "TYPE", "TIMEOUT", "ON ERROR", "ENDPOINT"], rows, "There are no targets."),
      );
    });

  targets
    .command("create")
    .description("create a target")
    .requiredOption("--name <name>", "name, unique but for upper and lower case")
    .requiredOption("--endpoint <url>", "URL that is called")
    .addOption(
      new Option("--type <type>", "webhook: watches; call: its reply may change the message; async: not waited for")
        .choices(["webhook", "call", "async"])
        .default("webhook"),
    )
    .option("--timeout <duration>", "longest time of a call", "10s")
    .option("--interrupt-on-error", "a failed call refuses the message")
    .addHelpText(
      "after",
      "\nExample:\n  interpose targets create --name audit --endpoint https://audit.example.com/hook --timeout 5s",
    )
    .action(async (options: CreateOptions, command: Command) => {
      const { output, withBackend } = toolsOf(command);
      const { name, endpoint, type } = options;
      const target = {
        name,
        endpoint,
        type,
        timeoutMs: parseDuration(options.timeout, "--timeout"),
        interruptOnError: options.interruptOnError ?? false,
      };
      const id = await withBackend((backend) => backend.createTarget(target), { makesStore: true });
      output.answer({ id }, () => `Created target ${id}.`);
    });

  targets
    .command("delete <id>")
    .description("delete a target, and its entries in all executions")
    .action(async (id: string, _options: unknown, command: Command) => {
      const { output, withBackend } = toolsOf(command);
      await withBackend((backend) => backend.deleteTarget(id));
      output.answer({ id }, () => `Deleted target ${id}.`);
    });

  addDetail(targets, toolsOf);
  addSettings(targets, toolsOf);
  addQueue(targets, toolsOf);
  addKeys(targets, toolsOf);
  addTargetOutbound(targets, toolsOf);
}
