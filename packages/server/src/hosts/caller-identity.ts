import { createNetworks } from "@interpose/caller";
import { InterposeError } from "@interpose/engine";
import { bearerTokenFrom, claimAt, createJwtVerifier, notValid, reasonOf, type JwtOptions } from "../access/index.ts";

/** Who makes a call, as far as it is proven: what targets are told. */
export interface CallerIdentity {
  readonly userId?: string | undefined;
  readonly orgId?: string | undefined;
  readonly projectId?: string | undefined;
}

/** Where each of the three is found, by its name in payloads. */
export type IdentityPlaces = Readonly<Partial<Record<"userID" | "orgID" | "projectID", string>>>;

/** By what callers of an API are known that is not our own. */
export interface CallerSettings {
  /** By a token of an issuer: in which claims. `userID` is `sub` unless it is said otherwise. */
  readonly jwt?: (Omit<JwtOptions, "requiredClaims"> & { readonly claims: IdentityPlaces }) | undefined;
  /** By what a proxy in front has found out: in which headers, and in which networks (CIDRs) that proxy is. From anywhere else they are worth nothing. */
  readonly proxy?: { readonly networks: readonly string[]; readonly headers: IdentityPlaces } | undefined;
  /** Whether calls of nobody who is known are refused, where they are hooked. */
  readonly required: boolean;
}

/** What is known of a call before anybody has looked at its message. */
export interface CallToIdentify {
  /** The values of a header, by lower-case name, one for each time that it is there. */
  readonly header: (name: string) => readonly string[];
  /** IP address at the other end of the connection. */
  readonly address: string;
}

/** Finds out who makes a call. Nobody who is known: an empty identity. Rejects with `unauthenticated` where somebody must be. */
export type IdentifyCaller = (call: CallToIdentify) => Promise<CallerIdentity>;

/**
 * Makes it of the settings. A token that is valid goes before the headers of a proxy. One that is not proves nobody, and is no error in itself: whether the API wants it is the
 * API's own affair. `onRefused` is told what was wrong with it.
 */
export function createCallerIdentification(
  { jwt, proxy, required }: CallerSettings,
  onRefused: (reason: string) => void,
): IdentifyCaller {
  const fromToken = jwt && identityFromToken(jwt, onRefused);
  const fromProxy = proxy && identityFromProxy(proxy);
  return async (call) => {
    const identity = (await fromToken?.(call)) ?? fromProxy?.(call) ?? {};
    if (required && identity.userId === undefined) throw unknown(call);
    return identity;
  };
}

function identityFromToken(
  { claims: places, ...options }: NonNullable<CallerSettings["jwt"]>,
  onRefused: (reason: string) => void,
): (call: CallToIdentify) => Promise<CallerIdentity | undefined> {
  const verify = createJwtVerifier(options);
  const all: IdentityPlaces = { userID: "sub", ...places };
  return async ({ header }) => {
    const [authorization, ...more] = header("authorization");
    const token = authorization === undefined || more.length > 0 ? undefined : bearerTokenFrom(authorization);
    if (token === undefined) return undefined;
    try {
      const claims = await verify(token);
      return identityAt(all, (place) => textOf(claimAt(claims, place)));
    } catch (error) {
      onRefused(reasonOf(error));
      return undefined;
    }
  };
}

function identityFromProxy({
  networks: texts,
  headers,
}: NonNullable<CallerSettings["proxy"]>): (call: CallToIdentify) => CallerIdentity | undefined {
  const networks = createNetworks(texts, "callers.proxy.networks");
  return ({ header, address }) => {
    if (!networks.has(address)) return undefined;
    return identityAt(headers, (name) => {
      const [value, ...more] = header(name.toLowerCase());
      // Twice, and nobody can say which of them is the proxy's and which its client's.
      return more.length > 0 || value === "" ? undefined : value;
    });
  };
}

function identityAt(places: IdentityPlaces, valueAt: (place: string) => string | undefined): CallerIdentity {
  const { userID, orgID, projectID } = places;
  const find = (place: string | undefined): string | undefined => (place === undefined ? undefined : valueAt(place));
  return { userId: find(userID), orgId: find(orgID), projectId: find(projectID) };
}

/** A claim as the text that a target is told. Some issuers have numbers for ids. */
function textOf(claim: unknown): string | undefined {
  if (typeof claim === "number") return String(claim);
  return typeof claim === "string" && claim !== "" ? claim : undefined;
}

function unknown({ header }: CallToIdentify): InterposeError {
  if (header("authorization").length > 0) return notValid();
  const text =
    'Executions look at this call, and it must be known who makes it. Send the header "Authorization: Bearer TOKEN".';
  return new InterposeError("unauthenticated", text);
}
