import { z } from "zod";
import { faultOfHiddenPaths } from "@interpose/engine";
import { ROLES } from "../access/permissions.ts";
import { faultOfEventType } from "../events/names.ts";
import { isMasterKey } from "../keys/vault.ts";
import { functionsSchema } from "./functions.ts";
import { gatewaySchema } from "./gateway-schema.ts";
import { clockSkewSeconds, shownHeaders, tlsSchema } from "./schema-parts.ts";

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
