import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";
import type { RpcCode } from "./rpc-code.ts";

/** Longest text of a target's that a caller is shown. */
const MAX_FORWARDED_TEXT = 1_000;

/** A target's wish that the message be refused, which it puts into a 2xx reply. */
export interface ForwardedRefusal {
  readonly code: RpcCode;
  /** Stable id of the case, sent as the error's detail. */
  readonly id: "EXEC-reUaUZCzCp" | "EXEC-bmhNhpcqpF";
  readonly text: string;
}

/** What the body of a 2xx reply is. */
export type ReplyBody =
  | { readonly kind: "empty" }
  | { readonly kind: "object"; readonly json: JsonObject }
  | { readonly kind: "refusal"; readonly refusal: ForwardedRefusal }
  | { readonly kind: "not_json" };

/** Reads the body of a 2xx reply: nothing, a JSON object, a refusal, or something else. */
export function readReply(body: string): ReplyBody {
  if (body.trim() === "") return { kind: "empty" };
  const json = parseJson(body);
  if (!isJsonObject(json)) return { kind: "not_json" };
  const refusal = forwardedRefusal(json);
  return refusal ? { kind: "refusal", refusal } : { kind: "object", json };
}

function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

/** Codes that a target can choose by an HTTP status; other 4xx are `unknown`. */
const CODES: Readonly<Record<number, RpcCode>> = {
  400: "invalid_argument",
  401: "unauthenticated",
  403: "permission_denied",
  404: "not_found",
  409: "already_exists",
  429: "resource_exhausted",
};

/**
 * The refusal that `forwardedStatusCode` and `forwardedErrorMessage` ask for, in whatever case they are written, since ZITADEL reads them so. Values of other types than
 * theirs ask for nothing.
 */
function forwardedRefusal(json: JsonObject): ForwardedRefusal | undefined {
  let status = 0;
  let message = "";
  for (const [key, value] of Object.entries(json)) {
    const name = key.toLowerCase();
    if (name === "forwardedstatuscode" && typeof value === "number") status = value;
    if (name === "forwardederrormessage" && typeof value === "string") message = value;
  }
  if (status === 0 && message === "") return undefined;
  const text = presentable(message);
  if (Number.isInteger(status) && status >= 400 && status <= 499)
    return { code: CODES[status] ?? "unknown", id: "EXEC-reUaUZCzCp", text };
  return { code: "failed_precondition", id: "EXEC-bmhNhpcqpF", text };
}

/** A target's text as a caller may be shown it: bounded, and without control characters, which could forge lines in a log, and halves of characters, which no protocol can carry. */
function presentable(text: string): string {
  const clean = text
    .toWellFormed()
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ")
    .trim();
  const characters = Array.from(clean);
  return characters.length > MAX_FORWARDED_TEXT ? `${characters.slice(0, MAX_FORWARDED_TEXT).join("")}…` : clean;
}
