import { createRegistry, fromBinary, toJson, type Registry } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import { isJsonObject, type JsonObject, type JsonValue } from "@interpose/engine";
import { file_google_rpc_error_details } from "../gen/google/rpc/error_details_pb.js";
import type { Status } from "../gen/google/rpc/status_pb.js";
import { ErrorDetailSchema } from "../gen/zitadel/v1/error_detail_pb.js";
import { base64 } from "./details.ts";
import { detailType } from "./grpc-status.ts";

/** Types of details that an API need not describe: Google's, and our own. */
const WELL_KNOWN = createRegistry(file_google_rpc_error_details, ErrorDetailSchema);

/** `google.rpc.Status` as JSON. `registry`: the API's types. A detail whose type nobody knows is there with its bytes: it must not keep the error from being told. */
export function statusJson({ code, message, details }: Status, registry?: Registry): JsonObject {
  return { code, message, details: details.map((detail) => detailJson(detail, registry)) };
}

function detailJson(detail: Any, registry: Registry | undefined): JsonObject {
  const type = registry?.getMessage(detailType(detail)) ?? WELL_KNOWN.getMessage(detailType(detail));
  const typed = { "@type": detail.typeUrl };
  try {
    if (type) {
      const json = toJson(type, fromBinary(type, detail.value), { ...(registry && { registry }) }) as JsonValue;
      // Types whose JSON is no object stand under "value" (google/protobuf/any.proto).
      return isJsonObject(json) && !type.typeName.startsWith("google.protobuf.")
        ? { ...typed, ...json }
        : { ...typed, value: json };
    }
  } catch {
    // The bytes are none of the type's, or of a version that we do not know.
  }
  return { ...typed, value: base64(detail.value) };
}
