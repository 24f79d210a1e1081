import type { Answer } from "./exchange.ts";
import type { Readiness } from "./infrastructure.ts";

/** How long the public keys may be kept, in seconds. A key is served for longer before it signs. */
const KEYS_MAX_AGE_SECONDS = 300;

/** What the pages show. */
export interface PagesContent {
  readonly openApi: string;
  /** Public keys by which what the instance signs is verified, as JWKs (RFC 7517). */
  readonly publicJwks: () => readonly object[];
}

/** The pages that need no caller: whether the process is up, whether it can work, what the API looks like, and by which keys payloads are verified. */
export function createPages(
  readiness: Readiness,
  { openApi, publicJwks }: PagesContent,
): ReadonlyMap<string, () => Answer | Promise<Answer>> {
  const keys = (): Answer => json(200, { keys: publicJwks() }, `public, max-age=${KEYS_MAX_AGE_SECONDS}`);
  return new Map<string, () => Answer | Promise<Answer>>([
    ["/healthz", () => json(200, { status: "up" })],
    [
      "/readyz",
      async () => {
        const reason = await readiness.notReadyBecause();
        return reason === undefined ? json(200, { status: "ready" }) : json(503, { status: "not ready", reason });
      },
    ],
    ["/openapi.json", () => ({ status: 200, headers: { "content-type": "application/json" }, body: openApi })],
    ["/.well-known/jwks.json", keys],
    // Where ZITADEL has it.
    ["/oauth/v2/keys", keys],
  ]);
}

function json(status: number, body: object, cacheControl = "no-store"): Answer {
  return {
    status,
    headers: { "content-type": "application/json", "cache-control": cacheControl },
    body: JSON.stringify(body),
  };
}
