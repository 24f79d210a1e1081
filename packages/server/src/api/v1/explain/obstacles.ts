import { checkEndpoint, type TargetCredentials, type TokenSigner } from "@interpose/caller";
import type { Target } from "@interpose/engine";

/** By what it is told that calls of a target would fail at once. */
export interface ObstacleParts {
  readonly egress: { readonly allow: readonly string[]; readonly only: boolean };
  readonly credentialsOf: (targetId: string, endpoint: string) => TargetCredentials | undefined;
  readonly tokenSigner: () => TokenSigner | undefined;
}

/** Longest time for finding the addresses of an endpoint. */
const RESOLVE_MS = 1_000;
/** Most endpoints whose addresses are looked for. */
const MOST_RESOLVED = 50;

/** Why calls of targets would fail at once, by their ids, as far as it can be told without calling them. Names are resolved, as for calls; nothing is connected to. */
export async function obstaclesOf(
  targets: readonly Target[],
  parts: ObstacleParts,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = await Promise.all(
    targets.map(async (target, i): Promise<[string, readonly string[]]> => {
      const ofAddress = i < MOST_RESOLVED ? await obstacleOfAddress(target, parts) : undefined;
      return [target.id, [ofAddress, obstacleOfKeys(target, parts)].filter((each) => each !== undefined)];
    }),
  );
  return new Map(found);
}

async function obstacleOfAddress(
  { endpoint, egressAllow }: Target,
  { egress }: ObstacleParts,
): Promise<string | undefined> {
  const state = await checkEndpoint(endpoint, {
    ...egress,
    ...(egressAllow && { ofTarget: egressAllow }),
    connects: false,
    timeoutMs: RESOLVE_MS,
  });
  if (state.kind === "reachable") return undefined;
  return state.failure === "egress_denied"
    ? `egress_denied: its endpoint may not be called from here: ${state.detail}`
    : `${state.failure}: ${state.detail}`;
}

function obstacleOfKeys(
  { id, endpoint, payloadType }: Target,
  { credentialsOf, tokenSigner }: ObstacleParts,
): string | undefined {
  let credentials: TargetCredentials | undefined;
  try {
    credentials = credentialsOf(id, endpoint);
  } catch {
    // What was thrown may tell of what is sealed.
    return "unsealable: a key or a header that its calls need cannot be opened with this server's master keys";
  }
  if (payloadType === undefined || payloadType === "json") return undefined;
  if (!tokenSigner()) return "unsealable: this instance has no key to sign its payload with";
  return payloadType === "jwe" && credentials?.encryptionKey === undefined
    ? "unsealable: it wants its payload encrypted, and has no active public key to encrypt to"
    : undefined;
}
