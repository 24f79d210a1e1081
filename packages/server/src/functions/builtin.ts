import type { JsonObject } from "@interpose/engine";
import type { KnownFunction } from "./declaration.ts";

const object = { type: "object" };
const list = { type: "array" };
const text = { type: "string" };
const flag = { type: "boolean" };
const listOf = (items: JsonObject): JsonObject => ({ type: "array", items });

/** What is written to the user, base64 as ZITADEL has it. */
const SET_USER_METADATA = listOf({
  type: "object",
  required: ["key"],
  properties: { key: text, value: { type: "string", pattern: "^[A-Za-z0-9+/]*={0,2}$" } },
});

/** What is known of a user where a token or an assertion is made. */
const USER = { user: object, user_metadata: list, org: object, user_grants: list };

const OF_TOKENS = {
  input: { type: "object", properties: { ...USER, userinfo: object, application: object } },
  reply: {
    type: "object",
    properties: {
      set_user_metadata: SET_USER_METADATA,
      append_claims: listOf({ type: "object", required: ["key"], properties: { key: text } }),
      append_log_claims: listOf(text),
    },
  },
};

const OF_SAML = {
  input: { type: "object", properties: USER },
  reply: {
    type: "object",
    properties: {
      set_user_metadata: SET_USER_METADATA,
      append_attribute: listOf({
        type: "object",
        required: ["name"],
        properties: { name: text, name_format: text, value: listOf(text) },
      }),
    },
  },
};

const OF_CODES = {
  input: { type: "object" },
  reply: {
    type: "object",
    properties: {
      expiry: { type: ["string", "number"] },
      code: text,
      generate: {
        type: "object",
        properties: {
          length: { type: "integer", minimum: 1 },
          include_lower_letters: flag,
          include_upper_letters: flag,
          include_digits: flag,
          include_symbols: flag,
        },
      },
    },
    not: { required: ["code", "generate"] },
  },
};

/** ZITADEL's first names. It invoked none of them, so that nobody can say what they are given. */
const FIRST = [
  "ExternalAuthentication.Action.TriggerType.PostAuthentication",
  "ExternalAuthentication.Action.TriggerType.PreCreation",
  "ExternalAuthentication.Action.TriggerType.PostCreation",
  "CustomiseToken.Action.TriggerType.PreUserinfoCreation",
  "CustomiseToken.Action.TriggerType.PreAccessTokenCreation",
  "InternalAuthentication.Action.TriggerType.PostAuthentication",
  "InternalAuthentication.Action.TriggerType.PreCreation",
  "InternalAuthentication.Action.TriggerType.PostCreation",
  "CustomizeSAMLResponse.Action.TriggerType.PreSAMLResponseCreation",
];

/**
 * Functions that a condition can name without anyone declaring them: ZITADEL's first nine and its later five, so that conditions
 * written for any of its versions can be set. Listed in the order in which they are answered.
 */
export const BUILTIN_FUNCTIONS: ReadonlyMap<string, KnownFunction> = new Map(
  [
    ...FIRST.map((name) => builtin(`Action.Flow.Type.${name}`, "one of the flows of ZITADEL's first actions", {})),
    builtin("preuserinfo", "before claims of a user go into an id token or userinfo", OF_TOKENS),
    builtin("preaccesstoken", "before an access token that is a JWT is made", OF_TOKENS),
    builtin("presamlresponse", "before a SAML response is made", OF_SAML),
    builtin("preotpsmscode", "before a one-time code is sent by SMS", OF_CODES),
    builtin("preotpemailcode", "before a one-time code is sent by e-mail", OF_CODES),
  ].map((each) => [each.name, each]),
);

function builtin(
  name: string,
  description: string,
  { input, reply }: { readonly input?: JsonObject; readonly reply?: JsonObject },
): KnownFunction {
  return { name, description, input, reply, origin: "builtin" };
}
