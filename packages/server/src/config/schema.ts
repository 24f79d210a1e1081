import { z } from "zod";
import { ROLES } from "../access/permissions.ts";

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
    .array(z.enum(["grpc", "grpc-web", "connect", "rest"]))
    .min(1)
    .default(["grpc"])
    .describe("what the API understands; calls of its methods in another protocol are translated to gRPC"),
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
});

/**
 * Every setting: its type, bounds, default and meaning. Names of environment variables and flags are derived from it, and so will be a schema
 * for editors. Text that comes from the environment or a flag is turned into the type that stands here.
 */
export const settingsSchema = z.strictObject({
  host: z.string().min(1).default("127.0.0.1").describe("address to listen on"),
  port: z.int().min(0).max(65_535).default(8080).describe("port to listen on; 0 picks a free one"),
  dataDir: z.string().min(1).default(".interpose").describe("where the embedded PostgreSQL lives"),
  databaseUrl: z
    .string()
    .refine(isPostgresUrl, "must be a URL such as postgres://user:password@host:5432/database")
    .optional()
    .meta({ secret: true })
    .describe("a PostgreSQL to use in place of the embedded one"),
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
  egress: z
    .strictObject({
      allow: z
        .array(z.string())
        .default([])
        .describe("networks that targets may live in beyond public addresses, as CIDRs"),
    })
    .prefault({}),
  tls: tlsSchema.optional(),
  limits: z
    .strictObject({
      maxMessageBytes: bytes(4 * MIB).describe("largest request, in bytes"),
      maxPayloadBytes: bytes(4 * MIB).describe("largest payload sent to a target, in bytes"),
      maxReplyBytes: bytes(MIB).describe("largest reply read from a target, in bytes"),
    })
    .prefault({}),
  cors: z
    .strictObject({
      allowedOrigins: z.array(z.string()).default([]).describe('origins of browsers that may call, or "*"; none: off'),
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
      clockSkewSeconds: z.int().min(0).max(600).default(30).describe("tolerated difference of clocks, in seconds"),
    })
    .optional(),
  gateway: gatewaySchema.optional(),
  gateways: z
    .array(gatewaySchema.extend({ name: z.string().min(1).describe("name of the gateway, for the log") }))
    .default([])
    .describe("more gateways, each with a name"),
  reflection: z.boolean().default(true).describe("serve gRPC server reflection"),
  log: z
    .strictObject({
      level: z.enum(["debug", "info", "warn", "error", "silent"]).default("info").describe("what is logged"),
      format: z.enum(["json", "text", "auto"]).default("auto").describe("form of the log; auto: text on a terminal"),
    })
    .prefault({}),
  shutdownTimeoutSeconds: z.int().min(0).max(3_600).default(30).describe("longest time that running calls get to end"),
});

/** All settings, complete and checked. */
export type Settings = z.output<typeof settingsSchema>;
