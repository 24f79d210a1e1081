import { toBase64, utf8 } from "./bytes.ts";
import { isFields } from "./call.ts";
import { ReceiverError } from "./error.ts";
import type { CodeSettings } from "./functions.ts";

/** Nothing shall change. */
export interface Unchanged {
  readonly kind: "unchanged";
}

/** What a target wants otherwise. `as` says of what it is a change: a message (or the output of a function of one's own), or what ZITADEL's functions take. */
export interface Change<As extends "message" | "claims" | "attributes" | "code"> {
  readonly kind: "change";
  readonly as: As;
  readonly message: object;
}

/** The message shall go no further. */
export interface Refusal {
  readonly kind: "refusal";
  readonly forwardedStatusCode?: number;
  readonly forwardedErrorMessage: string;
}

/** What a handler can say. */
export type Reply = Unchanged | Refusal | Change<"message"> | Change<"claims"> | Change<"attributes"> | Change<"code">;

/** What the caller of the API is answered, by gRPC's name of it, and the number that says so on the wire. */
const FORWARDED = {
  invalid_argument: 400,
  unauthenticated: 401,
  permission_denied: 403,
  not_found: 404,
  already_exists: 409,
  resource_exhausted: 429,
  /** Any other of the 4xx. */
  unknown: 422,
  /** A text without a number. */
  failed_precondition: undefined,
} as const;

/** A code that a refusal can have: those of gRPC, or HTTP's number for one. Others do not reach the caller as what they are. */
export type RefusalCode = keyof typeof FORWARDED | 400 | 401 | 403 | 404 | 409 | 429;

/** Settings of `reply.claims()` and `reply.attributes()`. */
export interface MetadataChoices {
  /** What shall be kept of the user, by key: a text, or bytes. */
  readonly metadata?: Readonly<Record<string, string | Uint8Array>>;
}

/** One attribute of a SAML response. */
export interface SamlAttribute {
  readonly name: string;
  readonly name_format?: string;
  readonly value: string | readonly string[];
}

/** How long a one-time code is good for. */
export interface CodeChoices {
  readonly expirySeconds?: number;
}

/** What a one-time code shall be made of. What is left out stays as it is set. */
export type CodeParts = Pick<
  CodeSettings,
  "length" | "include_lower_letters" | "include_upper_letters" | "include_digits" | "include_symbols"
>;

/** Claims that begin so are the provider's own: it drops them where a target sets them. */
const OWN_CLAIMS = "urn:zitadel:iam";

/** What a handler answers. Each of these throws `reply_invalid` where what it is given could not be sent, or would not be done. */
export const reply = {
  /** The message stays as it is; so does one whose handler answers nothing. */
  unchanged: (): Unchanged => ({ kind: "unchanged" }),

  /**
   * The message as it shall be: the bare request, response or output, not the payload around it. In the dialect v3alpha it is merged in; in v2 it replaces the
   * message, so that what is left out is emptied.
   */
  change(message: object): Change<"message"> {
    if (!isFields(message)) throw invalid("The message of reply.change() is no object.");
    const { forwardedStatusCode: status, forwardedErrorMessage: text } = message;
    if ((typeof status === "number" && status !== 0) || (typeof text === "string" && text !== ""))
      throw invalid("A message with forwardedStatusCode or forwardedErrorMessage refuses: use reply.refuse().");
    return { kind: "change", as: "message", message };
  },

  /** The caller of the API is answered this code and this text, where the target interrupts on errors. For an event: it shall not be sent again. */
  refuse(code: RefusalCode, message: string): Refusal {
    if (typeof message !== "string" || message.trim() === "")
      throw invalid("reply.refuse() needs a text that says why: the caller is shown it.");
    const forwardedStatusCode = numberOf(code);
    return {
      kind: "refusal",
      ...(forwardedStatusCode !== undefined && { forwardedStatusCode }),
      forwardedErrorMessage: message,
    };
  },

  /** For `preuserinfo` and `preaccesstoken`: claims to add, and lines for the claim that is the log. A claim that is there already stays. */
  claims(
    claims: Readonly<Record<string, unknown>>,
    { log = [], metadata = {} }: MetadataChoices & { readonly log?: readonly string[] } = {},
  ): Change<"claims"> {
    const own = Object.keys(claims).find((key) => key.startsWith(OWN_CLAIMS));
    if (own !== undefined)
      throw invalid(`The claim ${JSON.stringify(own)} begins with ${OWN_CLAIMS}, and would be dropped.`);
    const added = Object.entries(claims).filter(([, value]) => value !== undefined);
    const message = {
      ...listed("set_user_metadata", metadataOf(metadata)),
      ...listed(
        "append_claims",
        added.map(([key, value]) => ({ key, value })),
      ),
      ...listed("append_log_claims", log),
    };
    return { kind: "change", as: "claims", message };
  },

  /** For `presamlresponse`: attributes to add. */
  attributes(attributes: readonly SamlAttribute[], { metadata = {} }: MetadataChoices = {}): Change<"attributes"> {
    const list = attributes.map(({ value, ...named }) => ({
      ...named,
      value: typeof value === "string" ? [value] : value,
    }));
    const message = {
      ...listed("set_user_metadata", metadataOf(metadata)),
      ...listed("append_attribute", list),
    };
    return { kind: "change", as: "attributes", message };
  },

  /** For `preotpsmscode` and `preotpemailcode`: the code itself. */
  code(code: string, choices: CodeChoices = {}): Change<"code"> {
    if (typeof code !== "string" || code === "") throw invalid("The code of reply.code() is empty.");
    return { kind: "change", as: "code", message: { ...expiry(choices), code } };
  },

  /** For `preotpsmscode` and `preotpemailcode`: how the code shall be made. */
  generate(parts: CodeParts, choices: CodeChoices = {}): Change<"code"> {
    return { kind: "change", as: "code", message: { ...expiry(choices), generate: parts } };
  },
};

function numberOf(code: RefusalCode): number | undefined {
  if (typeof code === "string" && Object.hasOwn(FORWARDED, code)) return FORWARDED[code];
  const numbers: readonly unknown[] = [400, 401, 403, 404, 409, 429];
  if (typeof code === "number" && numbers.includes(code)) return code;
  throw invalid(
    `${JSON.stringify(code)} cannot be forwarded. Codes that can are ${Object.keys(FORWARDED).join(", ")}, and the numbers ${numbers.join(", ")}.`,
  );
}

function metadataOf(metadata: Readonly<Record<string, string | Uint8Array>>): readonly object[] {
  return Object.entries(metadata).map(([key, value]) => ({
    key,
    value: toBase64(typeof value === "string" ? utf8(value) : value),
  }));
}

function listed(name: string, list: readonly unknown[]): object {
  return list.length > 0 ? { [name]: list } : {};
}

/** A number would be nanoseconds to ZITADEL, so that a text says the unit. */
function expiry({ expirySeconds }: CodeChoices): object {
  if (expirySeconds === undefined) return {};
  if (!(expirySeconds > 0 && Number.isFinite(expirySeconds))) throw invalid("expirySeconds must be more than 0.");
  return { expiry: `${expirySeconds}s` };
}

function invalid(message: string): ReceiverError {
  return new ReceiverError("reply_invalid", message);
}
