import fc from "fast-check";
import { ADMIN_TOKEN } from "./server.ts";

/** One made-up request. Everything in it is HTTP that a client may send. */
export interface MadeUpRequest {
  readonly verb: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  /** null: none is sent. */
  readonly token: string | null;
  readonly body: Uint8Array | undefined;
}

/**
 * Valid requests to begin with. `$async` is a target that never fails a call, and the only one that executions can come to name: whatever is
 * made up of these, no execution can make the server refuse. `$other` may be changed and deleted.
 */
const SEEDS: readonly (readonly [verb: string, path: string, body?: unknown])[] = [
  [
    "POST",
    "/v3alpha/targets",
    { name: "a", restWebhook: { interruptOnError: true }, timeout: "1s", endpoint: "https://example.com/a" },
  ],
  ["PUT", "/v3alpha/targets/$other", { name: "b", restCall: { interruptOnError: false }, timeout: "2.5s" }],
  ["DELETE", "/v3alpha/targets/$other"],
  ["GET", "/v3alpha/targets/$other"],
  [
    "POST",
    "/v3alpha/targets/search",
    {
      query: { offset: "0", limit: 5, asc: true },
      sortingColumn: "FIELD_NAME_NAME",
      queries: [
        { targetNameQuery: { targetName: "a", method: "TEXT_QUERY_METHOD_CONTAINS" } },
        { inTargetIdsQuery: { targetIds: ["1"] } },
      ],
    },
  ],
  [
    "PUT",
    "/v3alpha/executions",
    {
      condition: { request: { method: "/zitadel.action.v3alpha.ActionService/ListTargets" } },
      targets: [{ target: "$async" }, { include: { event: { all: true } } }],
    },
  ],
  ["GET", "/v1/deliveries"],
  ["GET", "/v1/deliveries/1"],
  ["POST", "/v1/deliveries/1:redeliver", {}],
  [
    "POST",
    "/v1/deliveries:cancel",
    { filter: { states: ["DELIVERY_STATE_DEAD"], targetId: "1", createdAfter: "2026-01-01T00:00:00Z" }, dryRun: true },
  ],
  [
    "POST",
    "/v1/deliveries:replay",
    { filter: { eventType: "a.b", aggregateType: "a", aggregateId: "1" }, maxCount: 5 },
  ],
  ["POST", "/v1/targets/$other:pause", { reason: "a" }],
  ["GET", "/v1/targets/$other/queue"],
  ["PATCH", "/v1/targets/$other/settings", { delivery: { retry: { delays: ["1s", "2.5s"] }, maxConcurrency: 5 } }],
  ["PUT", "/v3alpha/executions", { condition: { event: { group: "user" } }, targets: [{ target: "$async" }] }],
  ["DELETE", "/v3alpha/executions", { condition: { function: { name: "preuserinfo" } } }],
  [
    "POST",
    "/v3alpha/executions/search",
    {
      queries: [
        { inConditionsQuery: { conditions: [{ response: { all: true } }] } },
        { executionTypeQuery: { executionType: "EXECUTION_TYPE_EVENT" } },
        { targetQuery: { targetId: "1" } },
        { includeQuery: { include: { event: { event: "a.b" } } } },
      ],
    },
  ],
  ["GET", "/v3alpha/executions/functions"],
  ["GET", "/v3alpha/executions/methods"],
  ["GET", "/v3alpha/executions/services"],
  [
    "POST",
    "/v1/tokens",
    { name: "t", role: "ROLE_VIEWER", permissions: ["execution.read"], expireTime: "2040-01-01T00:00:00Z" },
  ],
  ["GET", "/v1/tokens?pageSize=2&pageToken=x"],
  ["POST", "/v1/tokens/1:revoke", {}],
  ["GET", "/v1/targets/$other/settings"],
  ["PATCH", "/v1/targets/$other/settings", { dialect: "DIALECT_V2" }],
  ["POST", "/v1/functions/preuserinfo:invoke", { input: { user: { id: "1" }, user_grants: [] } }],
  [
    "POST",
    "/v1/functions",
    { name: "made-up", inputSchema: { type: "object", properties: { a: { pattern: "^a" } } }, replySchema: {} },
  ],
  ["GET", "/v1/functions?pageSize=2&pageToken=x"],
  ["GET", "/v1/functions/made-up"],
  ["PATCH", "/v1/functions/made-up?updateMask=inputSchema", { inputSchema: { $ref: "#" } }],
  ["DELETE", "/v1/functions/made-up"],
  ["GET", "/healthz"],
  ["GET", "/readyz"],
  ["GET", "/openapi.json"],
];

const keys = fc.constantFrom(
  "condition",
  "request",
  "response",
  "function",
  "event",
  "method",
  "service",
  "all",
  "group",
  "name",
  "targets",
  "target",
  "include",
  "timeout",
  "endpoint",
  "restAsync",
  "rest_call",
  "queries",
  "query",
  "limit",
  "offset",
  "sorting_column",
  "targetId",
  "role",
  "expireTime",
  "__proto__",
  "constructor",
  "",
);
const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom(
    "1s",
    "-1s",
    "9".repeat(25),
    "1e400",
    "\u0000",
    "\ud800",
    "%",
    "'; drop table x",
    "x".repeat(1_001),
    "2024-02-30T00:00:00Z",
    "$async",
  ),
);
const { value: values } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    texts,
    fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 2 ** 53, 1e308, {}, []),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(keys, tie("value"), { maxKeys: 3 }),
  ),
}));

/** One step through a body: `hit` says what is done there, mostly nothing. */
interface Step {
  readonly hit: number;
  readonly key: string;
  readonly value: unknown;
}
const steps = fc.array(fc.record<Step>({ hit: fc.nat(25), key: keys, value: values }), { minLength: 8, maxLength: 8 });

/** Changes some places of a valid body: another value, another key, one more, one less. The steps are taken round and round. */
function changed(json: unknown, given: readonly Step[], counter = { at: 0 }): unknown {
  const { hit, key, value } = given[counter.at++ % given.length] ?? { hit: 25, key: "", value: null };
  if (hit === 0) return value;
  if (Array.isArray(json)) {
    const list = json.map((each) => changed(each, given, counter));
    return hit === 1 ? [...list, value] : list;
  }
  if (typeof json !== "object" || json === null) return json;
  const entries = Object.entries(json).map(([name, each]) => [hit === 2 ? key : name, changed(each, given, counter)]);
  return Object.fromEntries(hit === 3 ? entries.slice(1) : hit === 4 ? [...entries, [key, value]] : entries);
}

/** A seed with some changes in its body, as text that may be cut off. */
const mutants = fc
  .tuple(fc.constantFrom(...SEEDS), steps, rarely(fc.nat(200)))
  .map(([[verb, path, json], given, cut]) => ({
    verb,
    path,
    text: json === undefined ? undefined : JSON.stringify(changed(json, given)).slice(0, cut),
  }));

/** One time in eight a value, and else none. */
function rarely<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 7, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
}

const verbs = fc.constantFrom(
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "TRACE",
  "PURGE",
  "SEARCH",
  "M-SEARCH",
);
const segments = fc.oneof(
  fc.constantFrom(
    "v3alpha",
    "v1",
    "targets",
    "executions",
    "search",
    "tokens",
    "functions",
    "$other",
    ":revoke",
    "%2F",
    "%",
    "%zz",
    "%00",
    "%ff",
    "..",
    ".",
    "",
  ),
  fc.webSegment(),
);
const paths = fc.array(segments, { maxLength: 5 }).map((parts) => `/${parts.join("/")}`);
const queries = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  fc.webQueryParameters(),
  fc.constantFrom(
    "pageSize=x",
    "pageSize=-1",
    "page_size=1&pageSize=2",
    "pageToken=%ff",
    "%=%",
    "&&&",
    "condition.request.all=true",
  ),
);
const bodies = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.json().map((text) => Buffer.from(text)),
  values.map((value) => Buffer.from(JSON.stringify(value))),
  fc.constant(Buffer.from("[".repeat(5_000))),
);
/** Content types of the RPC protocols are left out: they are answered in their own form, also on paths of REST. */
const headers = fc.record(
  {
    "content-type": fc.constantFrom(
      "application/json",
      "application/json; charset=utf-16",
      "text/plain",
      "multipart/form-data; boundary=x",
      "",
      "/",
      "\u00e4",
    ),
    "content-encoding": fc.constantFrom("gzip", "identity", "", "x"),
    "interpose-bypass": fc.constantFrom("true", "false", "TRUE", ""),
    accept: fc.constantFrom("*/*", "text/html", "application/grpc"),
    origin: fc.constantFrom("null", "https://example.com"),
    traceparent: fc.constantFrom("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "x"),
    "accept-language": fc.constantFrom("de", "\u00ff"),
    te: fc.constant("trailers"),
    range: fc.constant("bytes=0-1"),
    "if-none-match": fc.constant("*"),
    "x-http-method-override": fc.constant("DELETE"),
  },
  { requiredKeys: [] },
);

/** Requests over REST of every kind: valid ones, changed ones, and noise. */
export const requests: fc.Arbitrary<MadeUpRequest> = fc
  .record({
    mutant: mutants,
    verb: rarely(verbs),
    path: rarely(paths),
    query: queries,
    headers,
    token: rarely(fc.constantFrom(null, "x", "", "ipt_1_x")),
    noise: rarely(bodies),
  })
  .map(({ mutant, verb = mutant.verb, path = mutant.path, query, headers, token = ADMIN_TOKEN, noise }) => ({
    verb,
    path,
    query,
    headers,
    token,
    body: noise ?? (mutant.text === undefined ? undefined : Buffer.from(mutant.text)),
  }))
  // The path of an RPC is answered in the form of its protocol.
  .filter(({ path }) => !/^\/[^/]*\.[^/]*\/[^/]+$/.test(path));
