import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate, type FieldMask } from "@bufbuild/protobuf/wkt";
import { InterposeError, type JsonObject } from "@interpose/engine";
import {
  FunctionOrigin as ProtoOrigin,
  FunctionService,
  type Function as ProtoFunction,
  type FunctionSchema,
  type InvokeResponse,
} from "@interpose/protocol/gen/interpose/v1/function_service_pb";
import { createFunction } from "../../commands/create-function.ts";
import { deleteFunction } from "../../commands/delete-function.ts";
import { updateFunction, type FunctionChanges } from "../../commands/update-function.ts";
import {
  BUILTIN_FUNCTIONS,
  existingFunction,
  FUNCTION_NAME,
  type InvokeFunction,
  type KnownFunction,
} from "../../functions/index.ts";
import type { ApiContext } from "../context.ts";
import { DEFAULT_PAGE_SIZE, pageOf, readPageToken } from "../page-token.ts";
import { apiService, type ApiService } from "../service.ts";

/** The service `interpose.v1.FunctionService`. */
export function functionServiceV1(api: ApiContext, invoke: InvokeFunction): ApiService {
  const { functions } = api;
  const answer = async (instanceId: string, name: string) => ({
    function: functionToProto(await existingFunction(functions, instanceId, name)),
  });
  return apiService(FunctionService, {
    async invoke({ name, input }, { instanceId, caller: { userId }, context, signal }) {
      const call = { ...context, instanceId, caller: { userId }, signal };
      return { output: structOf(await invoke(name, input ?? {}, call)) };
    },

    async createFunction({ function: given }, call) {
      const { name = "", description = "", inputSchema: input, replySchema: reply } = given ?? {};
      await createFunction(api.commandContext(call), functions, { name, description, input, reply });
      return answer(call.instanceId, name);
    },

    getFunction: ({ name }, { instanceId }) => answer(instanceId, name),

    async listFunctions({ pageSize, pageToken }, { instanceId }) {
      const names = namesBehind(await functions.names(instanceId), readPageToken(pageToken, FUNCTION_NAME)?.[0]);
      const { page, nextPageToken } = pageOf(names, pageSize === 0 ? DEFAULT_PAGE_SIZE : pageSize, (last) => last);
      return { functions: (await functions.named(instanceId, page)).map(functionToProto), nextPageToken };
    },

    async updateFunction({ name, function: given, updateMask }, call) {
      await updateFunction(api.commandContext(call), functions, name, changesFromProto(given, updateMask));
      return answer(call.instanceId, name);
    },

    async deleteFunction({ name }, call) {
      await deleteFunction(api.commandContext(call), functions, name);
      return {};
    },
  });
}

/** JSON as generated code has it, whose types allow changes that nobody makes. */
function structOf(json: JsonObject): NonNullable<InvokeResponse["output"]> {
  return json as NonNullable<InvokeResponse["output"]>;
}

const ORIGINS: Readonly<Record<KnownFunction["origin"], ProtoOrigin>> = {
  builtin: ProtoOrigin.BUILTIN,
  settings: ProtoOrigin.SETTINGS,
  api: ProtoOrigin.API,
};

function functionToProto({
  name,
  description,
  input,
  reply,
  origin,
  stored,
}: KnownFunction): MessageInitShape<typeof FunctionSchema> {
  return {
    name,
    description,
    ...(input && { inputSchema: structOf(input) }),
    ...(reply && { replySchema: structOf(reply) }),
    origin: ORIGINS[origin],
    ...(stored && {
      createTime: timestampFromDate(stored.createdAt),
      updateTime: timestampFromDate(stored.changedAt),
    }),
  };
}

const CHANGEABLE = ["description", "input_schema", "reply_schema"];

/** What of a function changes: what the mask names or, without one, what is given. https://google.aip.dev/134 */
function changesFromProto(given: ProtoFunction | undefined, mask: FieldMask | undefined): FunctionChanges {
  const { description = "", inputSchema, replySchema } = given ?? {};
  if (!mask) return { description: description === "" ? undefined : description, inputSchema, replySchema };
  const unknown = mask.paths.find((path) => path !== "*" && !CHANGEABLE.includes(path));
  if (unknown !== undefined) {
    const text = `"${unknown.slice(0, 100)}" cannot be changed. Name ${CHANGEABLE.join(", ")}, or * for all.`;
    throw new InterposeError("bad_request", `update_mask: ${text}`, {
      violations: [{ field: "update_mask", description: text }],
    });
  }
  const names = (path: string): boolean => mask.paths.includes(path) || mask.paths.includes("*");
  return {
    description: names("description") ? description : undefined,
    inputSchema: names("input_schema") ? (inputSchema ?? null) : undefined,
    replySchema: names("reply_schema") ? (replySchema ?? null) : undefined,
  };
}

/** The names behind the one that a page ended with, which may be gone meanwhile. */
function namesBehind(names: readonly string[], last: string | undefined): readonly string[] {
  if (last === undefined) return names;
  const at = names.indexOf(last);
  return at < 0 ? names.filter((name) => !BUILTIN_FUNCTIONS.has(name) && name > last) : names.slice(at + 1);
}
