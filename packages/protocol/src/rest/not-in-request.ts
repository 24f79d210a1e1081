import type { DescField } from "@bufbuild/protobuf";
import { InterposeError } from "@interpose/engine";
import { dotted } from "./fields-in-json.ts";

/** The refusal of a value that a request of HTTP cannot hold. */
export function notInRequest(fields: readonly DescField[], why: string): InterposeError {
  const field = dotted(fields);
  return new InterposeError("not_over_rest", `${field}: ${why}.`, { violations: [{ field, description: why }] });
}
