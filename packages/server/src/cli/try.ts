import { createClient, type Transport } from "@connectrpc/connect";
import { toJson, type JsonObject } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { Option, type Command } from "commander";
import { InterposeError } from "@interpose/engine";
import { ExplainKind } from "@interpose/protocol/gen/interpose/v1/explain_service_pb";
import {
  CallEffect,
  RunOutcome,
  type Difference,
  type RunCall,
} from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import { TryResponseSchema, TryService, type TryResponse } from "@interpose/protocol/gen/interpose/v1/try_service_pb";
import type { CommandTools } from "./command-tools.ts";
import { JSON_INPUT, readJsonObject } from "./input.ts";
import { table } from "./output.ts";

interface TryOptions {
  readonly target?: string;
  readonly request?: string;
  readonly response?: string;
  readonly run?: string;
}

const KINDS: Readonly<Record<string, ExplainKind>> = {
  request: ExplainKind.REQUEST,
  response: ExplainKind.RESPONSE,
  function: ExplainKind.FUNCTION,
  event: ExplainKind.EVENT,
};

/** Adds `try`. */
export function addTry(program: Command, toolsOf: (command: Command) => CommandTools): Command {
  return program
    .command("try <kind> <name>")
    .description("send a sample to targets, and show what they would make of it; the API is not touched")
    .option("--target <id>", "call this target alone, whether or not an execution names it")
    .option("--request <json>", `request, input of the function or payload of the event: ${JSON_INPUT}`)
    .option("--response <json>", `response, of a response: ${JSON_INPUT}`)
    .addOption(new Option("--run <id>", "take the sample from this run on record").conflicts(["request", "response"]))
    .addHelpText(
      "after",
      `
Kinds: request and response of a method (/package.Service/Method), function, event.
Without a sample, one is made from the description of what is named. Targets are really called, with the header interpose-purpose: try.

Examples:
  interpose try request /acme.v1.Users/Add
  interpose try response /acme.v1.Users/Get --target 388913050531135488 --response @user.json
  interpose try function preuserinfo --request '{"user": {"id": "1"}}'`,
    )
    .action(async (kindName: string, name: string, options: TryOptions, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const kind = KINDS[kindName];
      if (kind === undefined)
        throw new InterposeError(
          "bad_request",
          `"${kindName}" can't be tried. Name request, response, function or event.`,
        );
      const answer = await withServer((transport) => tryNow(transport, kind, name, options));
      output.answer(toJson(TryResponseSchema, answer), () => describe(answer));
    });
}

async function tryNow(
  transport: Transport,
  kind: ExplainKind,
  name: string,
  options: TryOptions,
): Promise<TryResponse> {
  const client = createClient(TryService, transport);
  const isMethod = kind === ExplainKind.REQUEST || kind === ExplainKind.RESPONSE;
  const subject = {
    kind,
    method: isMethod ? `/${name.replace(/^\//, "")}` : "",
    function: kind === ExplainKind.FUNCTION ? name : "",
    event: kind === ExplainKind.EVENT ? name : "",
  };
  const given = {
    request: options.request === undefined ? undefined : await readJsonObject(options.request, "--request"),
    response: options.response === undefined ? undefined : await readJsonObject(options.response, "--response"),
  };
  const isWhole = given.request !== undefined && (kind !== ExplainKind.RESPONSE || given.response !== undefined);
  const sample = isWhole ? {} : await client.makeSample({ subject, runId: options.run ?? "" });
  const { request, response }: { request?: JsonObject; response?: JsonObject } = { ...sample, ...defined(given) };
  return client.try({
    subject,
    targetId: options.target ?? "",
    ...(request && { request }),
    ...(response && { response }),
  });
}

function defined(given: { readonly request: JsonObject | undefined; readonly response: JsonObject | undefined }): {
  readonly request?: JsonObject;
  readonly response?: JsonObject;
} {
  const { request, response } = given;
  return { ...(request && { request }), ...(response && { response }) };
}

function describe({ executionId, calls, outcome, error, differences, violations }: TryResponse): string {
  const by = executionId === "" ? "" : ` by ${executionId}`;
  const rows = calls.map(({ place, targetId, targetName, effect, status, durationMs, failure, detail }) => [
    String(place),
    targetId,
    targetName,
    CallEffect[effect].toLowerCase(),
    status === undefined ? "" : String(status),
    durationMs === undefined ? "" : `${Math.round(durationMs)} ms`,
    [failure, detail].filter((text) => text !== "").join(": "),
  ]);
  const refusal = error ? [`A caller would be answered ${error.code}: ${error.text}`] : [];
  return [
    table(["#", "TARGET", "NAME", "CAME TO", "STATUS", "TIME", "WHY"], rows, "Nothing hooks it: no target was called."),
    `It ${RunOutcome[outcome].toLowerCase()}${by}.`,
    ...refusal,
    ...describeDifferences(differences),
    ...calls.flatMap(shadowDifferences),
    ...violations.map((violation) => `It would not be valid: ${violation}`),
  ].join("\n");
}

function shadowDifferences({ effect, targetName, differences }: RunCall): string[] {
  if (effect !== CallEffect.SHADOW || differences.length === 0) return [];
  return [`With the shadow ${targetName} it would differ:`, ...describeDifferences(differences)];
}

/** Differences, a line each. */
export function describeDifferences(differences: readonly Pick<Difference, "path" | "before" | "after">[]): string[] {
  return differences.map(({ path, before, after }) => {
    const text = (value: Difference["before"]): string =>
      value === undefined ? "nothing" : JSON.stringify(toJson(ValueSchema, value));
    return `  ${path === "" ? "all of it" : path}: ${text(before)} → ${text(after)}`;
  });
}
