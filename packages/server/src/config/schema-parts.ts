// Settings that stand in more than one place.
import { z } from "zod";
import { DEFAULT_SHOWN_HEADERS } from "../hosts/shown-headers.ts";

/** Files of a certificate and its key. */
export const tlsSchema = z.strictObject({
  cert: z.string().min(1).describe("file with the certificate chain, as PEM"),
  key: z.string().min(1).describe("file with the private key, as PEM"),
});

/** Name of a header. */
export const headerName = z.string().regex(/^[\w!#$%&'*+.^`|~-]{1,100}$/, "must be the name of a header");

/** Names of the request headers that targets are shown. */
export const shownHeaders = z
  .array(headerName)
  .default([...DEFAULT_SHOWN_HEADERS])
  .describe("request headers that targets of the dialect v2 are shown");

/** How far clocks may differ where tokens are checked. */
export const clockSkewSeconds = z
  .int()
  .min(0)
  .max(600)
  .default(30)
  .describe("tolerated difference of clocks, in seconds");
