import { createRegistry, toJson, type Registry } from "@bufbuild/protobuf";
import { AnySchema, type Any } from "@bufbuild/protobuf/wkt";
import type { ApiFailure, JsonObject, JsonValue, RpcCode, Spelling } from "@interpose/engine";
import { file_google_rpc_error_details } from "../gen/google/rpc/error_details_pb.js";
import type { Status } from "../gen/google/rpc/status_pb.js";
import { REDACTED_FIELDS, type HiddenFields } from "../message/hidden-fields.ts";
import { shownJson } from "../message/shown-json.ts";
import { base64, ERROR_DETAILS, statusFromError } from "./details.ts";
import { codeFromNumber } from "./grpc-status.ts";

/** What a failure is made of. */
interface Source {
  readonly code: RpcCode;
  readonly message: string;
  readonly details: readonly Any[];
  /** Knows the types of the details, beside those that APIs share. */
  readonly registry: Registry | undefined;
  readonly hiddenFields: HiddenFields;
}

const SOURCES = new WeakMap<ApiFailure, Source>();

/** Types of details that any API may use: https://google.aip.dev/193 */
const SHARED_DETAILS = createRegistry(file_google_rpc_error_details, ...ERROR_DETAILS);

/** An error of the own API, as its callers see it, as response targets see it. */
export function failureFromError(error: unknown): ApiFailure {
  return failureFromStatus(statusFromError(error));
}

/** How a call failed, as response targets see it. The registry knows the types of the API's own details. */
export function failureFromStatus({ code, message, details }: Status, registry?: Registry): ApiFailure {
  return failureFrom({ code: codeFromNumber(code), message, details, registry, hiddenFields: REDACTED_FIELDS });
}

/** A failure of which more fields are hidden, in details whose types are known. What is in the others cannot be told, and is left out. */
export function failureWithHiddenFields(failure: ApiFailure, hiddenFields: HiddenFields): ApiFailure {
  const source = SOURCES.get(failure);
  if (!source) throw new Error("the failure is not one of ours");
  return failureFrom({ ...source, hiddenFields });
}

function failureFrom(source: Source): ApiFailure {
  const { code, message, details } = source;
  const failure: ApiFailure = {
    code,
    message,
    details: (spelling) => details.map((each) => shownDetail(each, spelling, source)),
  };
  SOURCES.set(failure, source);
  return failure;
}

function shownDetail(detail: Any, spelling: Spelling, { registry: own, hiddenFields }: Source): JsonObject {
  for (const registry of [own, SHARED_DETAILS]) {
    try {
      const json =
        registry && (toJson(AnySchema, detail, { registry, useProtoFieldName: spelling === "proto" }) as JsonValue);
      const hidden = hiddenFields.in(AnySchema);
      if (json !== undefined)
        return (hidden ? shownJson(hidden, json, { registry, of: "payload" }) : json) as JsonObject;
    } catch {
      // Its type is not known there, or it is not of the type that it says.
    }
  }
  return { "@type": detail.typeUrl, ...(hiddenFields.isEmpty && { value: base64(detail.value) }) };
}
