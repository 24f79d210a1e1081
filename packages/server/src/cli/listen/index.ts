import type { Command } from "commander";
import { InterposeError } from "@interpose/engine";
import type { CommandEnvironment, CommandTools } from "../command-tools.ts";
import { parseDuration } from "../duration.ts";
import type { Beginning, ListenOptions } from "./listen.ts";

interface GivenOptions {
  readonly forward?: string;
  readonly target?: string;
  readonly execution?: string;
  readonly event?: readonly string[];
  readonly group?: string;
  readonly from?: string;
  readonly secretFile?: string;
  readonly timeout: string;
  readonly attempts: string;
}

const HELP = `
Events come in the order of the log, and each at least once: what was not printed or forwarded when a connection is lost, or when
a group is left, comes when it is back. Forwards are POSTs as targets are sent, signed, with the event's place in the log as
webhook-id; those of one aggregate follow each other. Statuses are told on standard error, events on standard output.

Requests, responses and functions wait for their targets, so they are not here: give them a target on this machine, by
interpose targets create --endpoint http://localhost:3000/hook, at a server that may call it (egress.allow).

Examples:
  interpose listen --event order.paid user.*
  interpose listen --forward http://localhost:3000/hook --group shop
  interpose listen --target 388913050531135488 --from start --json`;

/** Adds `listen`. */
export function addListen(
  listen: Command,
  toolsOf: (command: Command) => CommandTools,
  { env }: Pick<CommandEnvironment, "env">,
): void {
  listen
    .description("print events as they happen, and forward them to a local URL; until Ctrl-C")
    .option("--forward <url>", "POST each event to this URL, as targets are sent it")
    .option("--event <type...>", "only events of this type, or of a group such as user.*; may be repeated")
    .option("--target <id>", "only events that are delivered to this target")
    .option("--execution <condition>", "only events that are delivered by this execution, such as event/user.*")
    .option("--group <name>", "go on where a listener of this name left off, and keep where this one does")
    .option(
      "--from <place>",
      "now, start, or a place in the log to begin behind; default: where the group left off, or now",
    )
    .option(
      "--secret-file <file>",
      "sign forwards with the text in this file; default: with a new secret, which is shown",
    )
    .option("--timeout <duration>", "longest time of a forward", "30s")
    .option("--attempts <number>", "most attempts to forward an event before it is left out", "12")
    .addHelpText("after", HELP)
    .action(async (given: GivenOptions, command: Command) => {
      const options: ListenOptions = {
        forwardUrl: given.forward === undefined ? undefined : forwardUrlOf(given.forward),
        types: given.event ?? [],
        targetId: given.target ?? "",
        executionId: given.execution ?? "",
        group: given.group,
        from: given.from === undefined ? undefined : beginningOf(given.from),
        secretFile: given.secretFile,
        timeoutMs: parseDuration(given.timeout, "--timeout"),
        attempts: attemptsOf(given.attempts),
      };
      const { output, withServer } = toolsOf(command);
      const [{ listen: run }, { stopSignal }] = await Promise.all([import("./listen.ts"), import("../stop-signal.ts")]);
      const stop = stopSignal();
      await withServer((transport, { url }) => run(options, { transport, url, output, env, stop }));
    });
}

function forwardUrlOf(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InterposeError("bad_request", `--forward: "${text}" is no URL. Write it like http://localhost:3000/hook.`);
}

function beginningOf(text: string): Beginning {
  if (text === "now" || text === "start") return text;
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  throw new InterposeError(
    "bad_request",
    `--from: "${text}" is no place. Write now, start, or the id of the last event that was seen.`,
  );
}

function attemptsOf(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 1_000) return number;
  throw new InterposeError("bad_request", `--attempts: "${text}" is no number from 1 to 1000.`);
}
