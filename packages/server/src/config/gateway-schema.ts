import { z } from "zod";
import { JWT_ALGORITHMS } from "../access/jwt-verifier.ts";
import { SPOKEN } from "../hosts/gateway/protocols/spoken.ts";
import { clockSkewSeconds, headerName, shownHeaders, tlsSchema } from "./schema-parts.ts";

/** Where to listen: a port, or an address with one. IPv6 stands in brackets. */
const listenAddress = z
  .string()
  .regex(
    /^((\[[0-9a-fA-F:.]+\]|[^:[\]]+):)?\d{1,5}$/,
    "must be a port such as 8081, or an address with one such as 127.0.0.1:8081",
  );

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
export const gatewaySchema = z.strictObject({
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
