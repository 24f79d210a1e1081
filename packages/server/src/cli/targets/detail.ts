import { toJson, type JsonObject } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import { Option, type Command } from "commander";
import { InterposeError, type PayloadType, type TargetType } from "@interpose/engine";
import { TargetService, TargetSettingsSchema } from "@interpose/protocol/gen/interpose/v1/target_service_pb";
import { ActionService } from "@interpose/protocol/gen/zitadel/action/v2/action_service_pb";
import { PayloadType as ProtoPayloadType } from "@interpose/protocol/gen/zitadel/action/v2/target_pb";
import { durationFromMs, msFromDuration } from "../../api/duration.ts";
import { callingFromProto, callingToProto } from "../../api/target-type.ts";
import type { CommandTools } from "../command-tools.ts";
import { parseDuration } from "../duration.ts";
import { printable } from "../output.ts";
import { isoTime } from "../readable.ts";
import { describeSettings } from "./settings.ts";

const PAYLOAD_TYPES: Readonly<Record<PayloadType, ProtoPayloadType>> = {
  json: ProtoPayloadType.JSON,
  jwt: ProtoPayloadType.JWT,
  jwe: ProtoPayloadType.JWE,
};

interface UpdateOptions {
  readonly name?: string;
  readonly endpoint?: string;
  readonly type?: TargetType;
  readonly timeout?: string;
  readonly interruptOnError?: boolean;
  readonly payloadType?: PayloadType;
}

/** Adds `targets get|update`. */
export function addDetail(targets: Command, toolsOf: (command: Command) => CommandTools): void {
  targets
    .command("get <id>")
    .description("show one target with its settings")
    .addHelpText("after", "\nExample:\n  interpose targets get 388913050531135488")
    .action(async (id: string, _options: unknown, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const document = await withServer((transport) => readTarget(transport, id));
      output.answer(document, () => describeTarget(document));
    });

  targets
    .command("update <id>")
    .description("change what is given of a target")
    .option("--name <name>", "name, unique but for upper and lower case")
    .option("--endpoint <url>", "URL that is called")
    .addOption(
      new Option("--type <type>", "webhook, call or async, as for create").choices(["webhook", "call", "async"]),
    )
    .option("--timeout <duration>", "longest time of a call")
    .option("--interrupt-on-error", "a failed call refuses the message")
    .option("--no-interrupt-on-error", "a failed call is let pass")
    .addOption(
      new Option("--payload-type <type>", "json; jwt: a signed token; jwe: an encrypted one").choices([
        "json",
        "jwt",
        "jwe",
      ]),
    )
    .addHelpText(
      "after",
      "\nExample:\n  interpose targets update 388913050531135488 --endpoint https://audit.example.com/new --timeout 3s",
    )
    .action(async (id: string, options: UpdateOptions, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const { name, endpoint, timeout, type, interruptOnError, payloadType } = options;
      if (Object.values(options).every((value) => value === undefined))
        throw new InterposeError("bad_request", "Nothing is to change. --help shows what can be given.");
      const document = await withServer(async (transport) => {
        const client = createClient(ActionService, transport);
        const calling =
          type !== undefined || interruptOnError !== undefined ? await callingOf(transport, id) : undefined;
        await client.updateTarget({
          id,
          ...(name !== undefined && { name }),
          ...(endpoint !== undefined && { endpoint }),
          ...(timeout !== undefined && { timeout: durationFromMs(parseDuration(timeout, "--timeout")) }),
          ...(calling && {
            targetType: callingToProto({
              type: type ?? calling.type,
              interruptOnError: interruptOnError ?? calling.interruptOnError,
            }),
          }),
          ...(payloadType !== undefined && { payloadType: PAYLOAD_TYPES[payloadType] }),
        });
        return readTarget(transport, id);
      });
      output.answer(document, () => describeTarget(document));
    });
}

/** A target as it is shown. What signs its calls is left out, whoever asks. */
interface TargetDocument {
  readonly id: string;
  readonly name: string;
  readonly type: TargetType;
  readonly endpoint: string;
  readonly timeoutMs: number;
  readonly interruptOnError: boolean;
  readonly payloadType: string;
  readonly created: string | undefined;
  readonly changed: string | undefined;
  readonly settings: JsonObject;
}

async function readTarget(transport: Transport, id: string): Promise<TargetDocument> {
  const [{ target }, { settings }] = await Promise.all([
    createClient(ActionService, transport).getTarget({ id }),
    createClient(TargetService, transport).getTargetSettings({ targetId: id }),
  ]);
  return {
    id,
    name: target?.name ?? "",
    endpoint: target?.endpoint ?? "",
    timeoutMs: target?.timeout ? msFromDuration(target.timeout) : 0,
    ...((target && callingFromProto(target.targetType)) ?? { type: "async", interruptOnError: false }),
    payloadType: ProtoPayloadType[target?.payloadType ?? ProtoPayloadType.JSON].toLowerCase(),
    created: isoTime(target?.creationDate),
    changed: isoTime(target?.changeDate),
    settings: settings ? (toJson(TargetSettingsSchema, settings) as JsonObject) : {},
  };
}

async function callingOf(
  transport: Transport,
  id: string,
): Promise<{ readonly type: TargetType; readonly interruptOnError: boolean }> {
  const { target } = await createClient(ActionService, transport).getTarget({ id });
  return (target && callingFromProto(target.targetType)) ?? { type: "async", interruptOnError: false };
}

function describeTarget(target: TargetDocument): string {
  const { id, name, endpoint, type, timeoutMs, interruptOnError, payloadType, created, changed, settings } = target;
  return [
    `Target    ${id}, ${printable(name)}`,
    `Endpoint  ${printable(endpoint)}`,
    `Type      ${type}${interruptOnError ? ", interrupts" : ""}, ${timeoutMs / 1000}s at most, payloads as ${payloadType}`,
    `Created   ${created ?? ""}`,
    `Changed   ${changed ?? ""}`,
    describeSettings(settings),
  ].join("\n");
}
