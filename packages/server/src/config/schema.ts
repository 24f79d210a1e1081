import { z } from "zod";
import { JWT_ALGORITHMS } from "../access/jwt-verifier.ts";
import { faultOfHiddenPaths } from "@interpose/engine";
import { ROLES } from "../access/permissions.ts";
import { faultOfEventType } from "../events/names.ts";
import { SPOKEN } from "../hosts/gateway/protocols/spoken.ts";
import { DEFAULT_SHOWN_HEADERS } from "../hosts/shown-headers.ts";
import { isMasterKey } from "../keys/vault.ts";
import { functionsSchema } from "./functions.ts";

const MIB = 1024 * 1024;
const bytes = (fallback: number) =>
  z
    .int()
    .min(1)
    .max(1024 * MIB)
    .default(fallback);

function isPostgresUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//.test(text) && URL.canParse(text);
}

function checkEventType(type: string, context: { addIssue(issue: { code: "custom"; message: string }): void }): void {
  const fault = faultOfEventType(type);
  if (fault !== undefined) context.addIssue({ code: "custom", message: fault.replace(/\.$/, "") });
}

/** A key of 32 bytes. */
const masterKey = z.string().refine(isMasterKey, 'must be base64 of 32 bytes, as "openssl rand -base64 32" makes it');

/** Where to listen: a port, or an address with one. IPv6 stands in brackets. */
const listenAddress = z
  .string()
  .regex(
    /^((\[[0-9a-fA-F:.]+\]|[^:[\]]+):)?\d{1,5}$/,
    "must be a port such as 8081, or an address with one such as 127.0.0.1:8081",
  );

/** Files of a certificate and its key. */
const tlsSchema = z.strictObject({
  cert: z.string().min(1).describe("file with the certificate chain, as PEM"),
  key: z.string().min(1).describe("file with the private key, as PEM"),
});
const headerName = z.string().regex(/^[\w!#$%&'*+.^`|~-]{1,100}$/, "must be the name of a header");
const shownHeaders = z
  .array(headerName)
  .default([...DEFAULT_SHOWN_HEADERS])
  .describe("request headers that targets of the dialect v2 are shown");
const clockSkewSeconds = z.int().min(0).max(600).default(30).describe("tolerated difference of clocks, in seconds");

/** Where the three ids that targets are told are found. */
const identityPlaces = (place: z.ZodString) => z.partialRecord(z.enum(["userID", "orgID", "projectID"]), place);

/** By what the callers of an API are known. */
const callersSchema = z
  .strictObject({
    jwt: z
      .strictObject({
        issuer: z.url().optional().describe("issuer whose access tokens (JWT) prove who calls"),
        jwksUrl: z
          .url({ protocol: /^https?$/ })
          .optional()
          .describe("URL of its keys; default: the issuer says it"),
        audience: z.string().min(1).describe("audience that a token must be for"),
        algorithms: z
          .array(z.enum(JWT_ALGORITHMS))
          .min(1)
          .default([...JWT_ALGORITHMS])
          .describe("algorithms of signatures that are accepted"),
        clockSkewSeconds,
        claims: identityPlaces(z.string().min(1))
          .default({})
          .describe("claims with userID (default sub), orgID and projectID"),
      })
      .refine(({ issuer, jwksUrl }) => issuer !== undefined || jwksUrl !== undefined, "needs an issuer or a jwksUrl")
      .optional(),
    proxy: z
      .strictObject({
        networks: z.array(z.string()).min(1).describe("networks of proxies whose headers say who calls, as CIDRs"),
        headers: identityPlaces(headerName).describe("headers with userID, orgID and projectID"),
      })
      .optional(),
    required: z.boolean().default(false).describe("refuse hooked calls of nobody who is known"),
  })
  .refine(({ jwt, proxy }) => jwt !== undefined || proxy !== undefined, "needs jwt or proxy")
  .meta({ whole: true })
  .describe("by what it is known who calls: jwt, proxy, required");

/** One gateway before an API. */
const gatewaySchema = z.strictObject({
  listen: listenAddress.describe("where the gateway listens: a port, or an address with one"),
  upstream: z.url({ protocol: /^https?$/ }).describe("API behind the gateway, such as http://127.0.0.1:9000"),
  descriptors: z
    .string()
    .min(1)
    .default("reflection")
    .describe("where the API is described: reflection, a file of descriptors, or a folder of .proto files"),
  speaks: z
    .array(z.enum(SPOKEN))
    .min(1)
    .default(["grpc"])
    .describe("what the API understands; calls of its methods in another protocol are translated to gRPC"),
  openapi: z.boolean().default(false).describe("describe the API in OpenAPI at /openapi.json of the gateway"),
  cors: z
    .strictObject({
      allowedOrigins: z
        .array(z.string())
        .default([])
        .describe('origins of browsers that may make calls which are translated, or "*"; none: off'),
    })
    .prefault({}),
  // YAML has 1.1 and 2 as numbers.
  http: z
    .preprocess((given) => (typeof given === "number" ? String(given) : given), z.enum(["auto", "1.1", "2"]))
    .default("auto")
    .describe("version of HTTP that the API is spoken to in; auto: it is found out"),
  upstreamCa: z
    .string()
    .min(1)
    .optional()
    .describe("file with the authorities that the API's certificate may be of, as PEM"),
  tls: tlsSchema.optional(),
  callers: callersSchema.optional(),
  shownHeaders,
});

/**
 * Every setting: its type, bounds, default and meaning. Names of environment variables and flags are derived from it, and so is a schema
 * for editors (`json-schema.ts`). Text that comes from the environment or a flag is turned into the type that stands here.
 */
export const settingsSchema = z
  .strictObject({
    host: z.string().min(1).default("127.0.0.1").describe("address to listen on"),
    port: z.int().min(0).max(65_535).default(8080).describe("port to listen on; 0 picks a free one"),
    dataDir: z.string().min(1).default(".interpose").describe("where the embedded PostgreSQL lives"),
    databaseUrl: z
      .string()
      .refine(isPostgresUrl, "must be a URL such as postgres://user:password@host:5432/database")
      .optional()
      .meta({ secret: true })
      .describe("a PostgreSQL (15 or newer) to use in place of the embedded one"),
    database: z
      .strictObject({
        maxConnections: z.int().min(2).max(1_000).default(10).describe("most connections to PostgreSQL"),
      })
      .prefault({}),
    adminToken: z
      .string()
      .min(16)
      .max(1_000)
      .optional()
      .meta({ secret: true })
      .describe("an admin token, in place of a generated one"),
    secrets: z
      .strictObject({
        masterKey: masterKey
          .optional()
          .meta({ secret: true })
          .describe("key that stored secrets are sealed with, in place of a key file"),
        masterKeyFile: z
          .string()
          .min(1)
          .optional()
          .describe("file with that key; default: master.key in the data directory, made at the first start"),
        formerKeys: z
          .array(masterKey)
          .default([])
          .meta({ secret: true })
          .describe("more keys that open stored secrets, while the master key is rotated"),
      })
      .prefault({}),
    keys: z
      .strictObject({
        rotateAfterDays: z
          .int()
          .min(0)
          .max(3_650)
          .default(90)
          .describe("days after which the key that signs payloads is replaced; 0: never"),
      })
      .prefault({}),
    egress: z
      .strictObject({
        allow: z
          .array(z.string())
          .default([])
          .describe("networks (CIDRs) and hosts (hooks.corp, *.corp) where targets may live beyond public addresses"),
        only: z
          .boolean()
          .default(false)
          .describe("targets may live only where egress.allow says, not at public addresses"),
      })
      .prefault({}),
    tls: tlsSchema.optional(),
    limits: z
      .strictObject({
        maxMessageBytes: bytes(4 * MIB).describe("largest request, in bytes"),
        maxHeldBytes: bytes(256 * MIB).describe("most that a gateway holds of messages that it looks at, in bytes"),
        maxPayloadBytes: bytes(4 * MIB).describe("largest payload sent to a target, in bytes"),
        maxReplyBytes: bytes(MIB).describe("largest reply read from a target, in bytes"),
        maxRunSeconds: z
          .int()
          .min(0)
          .max(86_400)
          .default(60)
          .describe("longest time of all targets of one message together, in seconds; 0: the caller's deadline alone"),
        maxRunDepth: z
          .int()
          .min(1)
          .max(100)
          .default(5)
          .describe("how many runs may lead to one another, by calls that targets make"),
      })
      .prefault({}),
    deliveries: z
      .strictObject({
        enabled: z.boolean().default(true).describe("deliver events to targets; false: this server only serves"),
        maxInFlight: z
          .int()
          .min(1)
          .max(10_000)
          .default(256)
          .describe("most deliveries that this server attempts at once"),
        retention: z
          .strictObject({
            days: z.int().min(0).max(3_650).default(30).describe("days that deliveries that are over are kept; 0: all"),
            deadDays: z.int().min(0).max(3_650).default(90).describe("days that dead letters are kept; 0: all"),
            maxDeliveries: z
              .int()
              .min(0)
              .max(1_000_000_000)
              .default(10_000_000)
              .describe("about how many deliveries are kept; 0: no limit"),
          })
          .prefault({}),
      })
      .prefault({}),
    runs: z
      .strictObject({
        record: z
          .enum(["all", "failures", "off"])
          .default("all")
          .describe("which runs come on record; those with failures always do, unless it is off"),
        sampling: z
          .number()
          .min(0)
          .max(1)
          .default(1)
          .describe("share of the runs without a failure that is recorded, from 0 to 1"),
        maxPerSecond: z
          .int()
          .min(0)
          .max(1_000_000)
          .default(100)
          .describe("most runs without a failure that this server records within a second; 0: no limit"),
        messages: z.boolean().default(true).describe("keep what targets were sent and answered"),
        maxMessageBytes: z
          .int()
          .min(0)
          .max(MIB)
          .default(16 * 1024)
          .describe("longest payload or reply that is kept, in bytes"),
        retention: z
          .strictObject({
            days: z.int().min(0).max(3_650).default(7).describe("days that runs are kept; 0: all"),
            maxRuns: z
              .int()
              .min(0)
              .max(1_000_000_000)
              .default(100_000)
              .describe("about how many runs are kept; 0: no limit"),
          })
          .prefault({}),
      })
      .prefault({}),
    cors: z
      .strictObject({
        allowedOrigins: z
          .array(z.string())
          .default([])
          .describe('origins of browsers that may call, or "*"; none: off'),
      })
      .prefault({}),
    oidc: z
      .strictObject({
        issuer: z.url().describe("issuer whose access tokens are accepted"),
        audience: z.string().min(1).describe("audience that a token must be for"),
        rolesClaim: z
          .string()
          .min(1)
          .default("urn:zitadel:iam:org:project:roles")
          .describe("claim with a caller's roles"),
        roleMapping: z
          .record(z.string(), z.enum(ROLES))
          .default({})
          .describe("which role of the claim is which role here"),
        clockSkewSeconds,
      })
      .optional(),
    console: z
      .strictObject({
        oidc: z
          .strictObject({
            clientId: z
              .string()
              .min(1)
              .describe("client at the issuer of oidc by which people sign in to the console: a public one, with PKCE"),
            scopes: z
              .array(z.string().min(1))
              .default(["openid"])
              .describe("scopes that its access tokens are asked for with"),
            resource: z
              .url()
              .optional()
              .describe("resource that they are asked for, where the issuer wants it (RFC 8707)"),
            origins: z
              .array(z.url({ protocol: /^https?$/ }))
              .default([])
              .describe(
                "further origins of the issuer that the console speaks to, where its token endpoint has another",
              ),
          })
          .optional(),
      })
      .prefault({}),
    events: z
      .strictObject({
        types: z
          .enum(["open", "declared"])
          .default("open")
          .describe("which types of events can be published: open, any; declared, those that were declared"),
        declared: z
          .array(z.string().superRefine(checkEventType))
          .default([])
          .describe("types of events that are declared, beside those of the API"),
        maxPayloadBytes: bytes(256 * 1024).describe("largest payload of an event that is published, in bytes of JSON"),
        maxPerSecond: z
          .int()
          .min(0)
          .max(1_000_000)
          .default(0)
          .describe("most events that this server takes within a second; 0: no limit"),
      })
      .prefault({}),
    gateway: gatewaySchema.optional(),
    gateways: z
      .array(gatewaySchema.extend({ name: z.string().min(1).describe("name of the gateway, for the log") }))
      .default([])
      .describe("more gateways, each with a name"),
    functions: functionsSchema.describe("functions, with their schemas"),
    shownHeaders,
    hiddenFields: z
      .array(z.string())
      .superRefine((paths, context) => {
        const fault = faultOfHiddenPaths(paths);
        if (fault !== undefined) context.addIssue({ code: "custom", message: fault.replace(/\.$/, "") });
      })
      .default([])
      .describe("paths of fields that no target sees or changes, such as user.password or **.secret"),
    reflection: z.boolean().default(true).describe("serve gRPC server reflection"),
    log: z
      .strictObject({
        level: z.enum(["debug", "info", "warn", "error", "silent"]).default("info").describe("what is logged"),
        format: z.enum(["json", "text", "auto"]).default("auto").describe("form of the log; auto: text on a terminal"),
      })
      .prefault({}),
    shutdownTimeoutSeconds: z
      .int()
      .min(0)
      .max(3_600)
      .default(30)
      .describe("longest time that running calls get to end"),
  })
  .refine(({ console, oidc }) => console.oidc === undefined || oidc !== undefined, {
    path: ["oidc"],
    message: "is missing, which names the issuer that people sign in to the console at",
  });

/** All settings, complete and checked. */
export type Settings = z.output<typeof settingsSchema>;
