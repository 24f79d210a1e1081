import type { Answer } from "./exchange.ts";
import type { Readiness } from "./infrastructure.ts";

/** The pages that need no caller: whether the process is up, whether it can work, and what the API looks like. */
export function createPages(
  readiness: Readiness,
  openApi: () => string,
): ReadonlyMap<string, () => Answer | Promise<Answer>> {
  return new Map<string, () => Answer | Promise<Answer>>([
    ["/healthz", () => json(200, { status: "up" })],
    [
      "/readyz",
      async () => {
        const reason = await readiness.notReadyBecause();
        return reason === undefined ? json(200, { status: "ready" }) : json(503, { status: "not ready", reason });
      },
    ],
    ["/openapi.json", () => ({ status: 200, headers: { "content-type": "application/json" }, body: openApi() })],
  ]);
}

function json(status: number, body: object): Answer {
  return {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store" },
    body: JSON.stringify(body),
  };
}
