import type { MessageInitShape } from "@bufbuild/protobuf";
import { InterposeError, isJsonObject, type JsonObject } from "@interpose/engine";
import { sampleMessage } from "@interpose/protocol";
import { ExplainKind } from "@interpose/protocol/gen/interpose/v1/explain_service_pb";
import type { MakeSampleRequest, MakeSampleResponseSchema } from "@interpose/protocol/gen/interpose/v1/try_service_pb";
import { authorize } from "../../../access/authorize.ts";
import type { Call } from "../../../call.ts";
import { existingFunction } from "../../../functions/index.ts";
import { sampleOfSchema } from "../../../functions/schema/sample.ts";
import { selectRun, selectRunCalls, selectRunMessages } from "../../../store/sql/select-run.ts";
import type { ApiContext } from "../../context.ts";
import { contentsOf, structOf } from "../runs/calls.ts";
import { runNotFound } from "../runs/index.ts";
import { runIdFromText, runToProto } from "../runs/run.ts";
import { subjectFromProto } from "./subject.ts";

type Sample = MessageInitShape<typeof MakeSampleResponseSchema>;

/** What is made of an event of which nothing is known. */
const SAMPLE_PAYLOAD: JsonObject = { key: "value" };

/** Makes a sample of what happens, or takes it from the record. */
export async function makeSample(
  api: Pick<ApiContext, "catalog" | "functions" | "database">,
  { subject: given, runId }: MakeSampleRequest,
  call: Call,
): Promise<Sample> {
  if (runId !== "") return sampleOfRun(api, runId, call);
  if (!given) throw nothingGiven();
  const subject = subjectFromProto(given, api);
  switch (subject.kind) {
    case "event":
      return { subject: given, request: structOf(SAMPLE_PAYLOAD) };
    case "function": {
      const { input } = await existingFunction(api.functions, call.instanceId, subject.name);
      return { subject: given, request: structOf(input ? sampleOfSchema(input) : {}) };
    }
    case "request":
    case "response": {
      const { input, output } = subject.method;
      const request = structOf(sampleMessage(input));
      return {
        subject: given,
        request,
        ...(subject.kind === "response" && { response: structOf(sampleMessage(output)) }),
      };
    }
  }
}

/** What the first target of a run was shown, as it was sent it. */
async function sampleOfRun({ database }: Pick<ApiContext, "database">, text: string, call: Call): Promise<Sample> {
  authorize(call.caller, { kind: "permission", permission: "run.read" });
  const id = runIdFromText(text);
  const run = id === undefined ? undefined : await selectRun(database, call.instanceId, id);
  if (!run) throw runNotFound(text);
  const [calls, messages] = await Promise.all([selectRunCalls(database, run.id), selectRunMessages(database, run.id)]);
  const payload = contentsOf(calls, messages).contents[0]?.payload;
  if (!payload) {
    const text = `Run ${run.id} is on record without what its targets were sent: it was too large, or runs.messages is off. Make a sample of its method instead.`;
    throw new InterposeError("bad_request", text);
  }
  const { function: name = "", method = "" } = runToProto(run);
  const kind = { request: ExplainKind.REQUEST, response: ExplainKind.RESPONSE, function: ExplainKind.FUNCTION }[
    run.side
  ];
  if (run.side === "function") {
    const { function: _name, ...input } = payload;
    return { subject: { kind, function: name }, request: structOf(input) };
  }
  const { request, response } = payload;
  return {
    subject: { kind, method },
    ...(isJsonObject(request) && { request: structOf(request) }),
    ...(isJsonObject(response) && { response: structOf(response) }),
  };
}

function nothingGiven(): InterposeError {
  const description = "say what the sample is of, or give the id of a run on record in run_id.";
  return new InterposeError("bad_request", `subject: ${description}`, {
    violations: [{ field: "subject", description }],
  });
}
