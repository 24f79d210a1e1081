import { checkEndpoint, type EndpointState } from "@interpose/caller";
import type { StoredTarget } from "../../store/records.ts";
import { searchTargets } from "../../store/sql/search-targets.ts";
import type { Check } from "./check.ts";
import { atMost, ok, problem, warning, type Finding } from "./finding.ts";
import { counted } from "./words.ts";

/** For one endpoint. */
const ENDPOINT_MS = 4_000;
/** For all of them together; those that are not reached by then are told of. */
const ALL_MS = 20_000;
/** Look-ups at a time. Node has four threads for them and for files, and a resolver that hangs must not take the last one. */
const AT_ONCE = 3;
const MOST_TARGETS = 1_000;

const MENDS: Readonly<Record<string, string>> = {
  dns: "Correct the target's endpoint, or the name server of this machine.",
  egress_denied: "Allow it, if it is meant, or correct the target's endpoint (docs/egress.md).",
  tls: "Mend the certificate of the endpoint, or let Node trust its authority (NODE_EXTRA_CA_CERTS).",
};

/** Whether the endpoints of targets have names that resolve to addresses which may be called. */
export const targets: Check = {
  name: "targets",
  needs: "store",
  timeoutMs: ALL_MS + 2 * ENDPOINT_MS,
  run: async ({ instanceId, read, settings, connects }) => {
    const search = { filters: [], sortBy: "id", ascending: true, offset: 0n, limit: MOST_TARGETS } as const;
    const { total, targets: found } = await read((tx) => searchTargets(tx, instanceId, search));
    if (total === 0) return [ok("There are no targets.")];
    const { allow, only } = settings.egress;
    const check = (endpoint: string, ofTarget: readonly string[]): Promise<EndpointState> =>
      checkEndpoint(endpoint, { allow, only, ofTarget, connects, timeoutMs: ENDPOINT_MS });
    const { failed, looked } = await lookAtAll(found, check);
    const findings = failed.map(([target, state]) => findingOf(target, state));
    if (looked < total)
      findings.push(
        warning(`${looked} of ${total} targets were looked at.`, "The name server may be slow: repeat it later."),
      );
    if (findings.length > 0) return atMost(findings, "problem");
    return [
      ok(
        `${counted(total, "target")}: ${connects ? "each can be connected to" : "each name resolves, and may be called"}.`,
      ),
    ];
  },
};

type Failed = Extract<EndpointState, { readonly kind: "failed" }>;

/** Looks at the endpoints of targets, those of one origin once. */
async function lookAtAll(
  all: readonly StoredTarget[],
  check: (endpoint: string, ofTarget: readonly string[]) => Promise<EndpointState>,
): Promise<{ readonly failed: readonly (readonly [StoredTarget, Failed])[]; readonly looked: number }> {
  const until = Date.now() + ALL_MS;
  const states = new Map<string, Promise<EndpointState>>();
  const found: (EndpointState | undefined)[] = [];
  const left = all.entries();
  const worker = async (): Promise<void> => {
    for (const [i, { endpoint, egressAllow = [] }] of left) {
      if (Date.now() > until) return;
      const origin = URL.canParse(endpoint) ? new URL(endpoint).origin : endpoint;
      const key = JSON.stringify([origin, egressAllow]);
      const state = states.get(key) ?? check(endpoint, egressAllow);
      states.set(key, state);
      found[i] = await state;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const failed = all.flatMap((target, i) => {
    const state = found[i];
    return state?.kind === "failed" ? [[target, state] as const] : [];
  });
  return { failed, looked: found.filter((state) => state !== undefined).length };
}

function findingOf({ id, name, endpoint }: StoredTarget, { failure, detail }: Failed): Finding {
  // The path may have a secret in it.
  const host = URL.canParse(endpoint) ? new URL(endpoint).host : "its endpoint";
  const mend = MENDS[failure] ?? "Look whether the endpoint runs, and whether a firewall is between.";
  return problem(`Target "${name}" (${id}): ${host}: ${detail.replace(/\.$/, "")} (${failure}).`, mend);
}
