import { gatewaysOf, descriptorSourceOf, type GatewaySettings } from "../../hosts/gateway/gateways.ts";
import { loadDescriptors } from "../../hosts/gateway/descriptors/index.ts";
import { openUpstreamSocket } from "../../hosts/gateway/upstream/upstream-socket.ts";
import { readAuthorities } from "../../listener/tls-files.ts";
import type { Check } from "./check.ts";
import { ok, problem, warning, type Finding } from "./finding.ts";
import { counted, reasonOf } from "./words.ts";

/** For a connection, and for all that an upstream tells of itself. */
const CONNECT_MS = 4_000;
const DESCRIBE_MS = 5_000;

/** Whether the APIs behind gateways can be reached, and are described. */
export const gateways: Check = {
  name: "gateways",
  needs: "settings",
  timeoutMs: 10_000,
  run: async ({ settings, signal }) => {
    const all = gatewaysOf(settings);
    if (all.length === 0) return [ok("There are no gateways.")];
    return (await Promise.all(all.map((each) => findingsOf(each, signal)))).flat();
  },
};

async function findingsOf(settings: GatewaySettings, signal: AbortSignal): Promise<readonly Finding[]> {
  const { name, upstream, upstreamCa, descriptors } = settings;
  const url = new URL(upstream);
  let ca: string | undefined;
  try {
    ca = upstreamCa === undefined ? undefined : await readAuthorities("upstreamCa", upstreamCa);
    await connectTo(url, ca);
  } catch (error) {
    const mend = "Start the API, or correct the gateway's upstream. Calls of the gateway fail meanwhile.";
    return [problem(`Gateway ${name}: ${url.host} cannot be reached: ${reasonOf(error)}.`, mend)];
  }
  try {
    const source = descriptorSourceOf(descriptors, upstream, ca);
    const bounded = source.kind === "reflection" ? { ...source, timeoutMs: DESCRIBE_MS } : source;
    const { services } = await loadDescriptors(bounded, { signal });
    if (services.length > 0)
      return [ok(`Gateway ${name}: ${url.host} answers, and ${counted(services.length, "service")} are described.`)];
    return [
      warning(
        `Gateway ${name}: no service is described.`,
        "Without descriptors nothing can be hooked (docs/gateway.md).",
      ),
    ];
  } catch (error) {
    const mend = "Calls pass, and none can be hooked until it is described (docs/gateway.md).";
    return [problem(`Gateway ${name}: ${reasonOf(error)}.`, mend)];
  }
}

function connectTo(url: URL, ca: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = openUpstreamSocket(
      { url, connectTimeoutMs: CONNECT_MS, ca },
      { protocols: ["h2", "http/1.1"] },
      () => {
        resolve();
        socket.destroy();
      },
    );
    socket.on("error", reject);
  });
}
