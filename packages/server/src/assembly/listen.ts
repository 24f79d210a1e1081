import type { Settings } from "../config/index.ts";
import { listenOnOnePort } from "../listener/one-port.ts";
import { readTlsFiles } from "../listener/tls-files.ts";
import type { Assembly } from "./assemble.ts";
import { DRAIN_SLACK_MS, type Teardown } from "./teardown.ts";

/** Where to listen, and how long running calls get to end. */
export type ListenSettings = Pick<Settings, "host" | "port" | "tls" | "shutdownTimeoutSeconds">;

/** Serves requests on a port of their own, until the teardown. Answers the URL. */
export async function listen(
  onRequest: Assembly["onRequest"],
  { host, port, tls, shutdownTimeoutSeconds }: ListenSettings,
  teardown: Teardown,
): Promise<string> {
  const drainMs = shutdownTimeoutSeconds * 1000;
  const listening = await listenOnOnePort({ host, port, tls: tls && (await readTlsFiles(tls)), onRequest });
  teardown.add("the port", () => listening.drain(drainMs), drainMs + DRAIN_SLACK_MS);
  const everywhere = host === "0.0.0.0" || host === "::";
  const name = everywhere ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  return `${tls ? "https" : "http"}://${name}:${listening.address.port}`;
}
