import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate, type FieldMask } from "@bufbuild/protobuf/wkt";
import type { OAuthClient } from "@interpose/caller";
import { InterposeError } from "@interpose/engine";
import type {
  ClientCertificate as ProtoCertificate,
  ClientCertificateSchema,
  InstanceOutbound as ProtoInstanceOutbound,
  InstanceOutboundSchema,
  OAuth2Client as ProtoClient,
  OAuth2ClientSchema,
  TargetOutbound as ProtoTargetOutbound,
  TargetOutboundSchema,
} from "@interpose/protocol/gen/interpose/v1/outbound_pb";
import type {
  CertificateChanges,
  HeaderChanges,
  OAuthChanges,
  OutboundChanges,
} from "../../commands/outbound-changes.ts";
import type { InstanceOutboundChanges, TargetOutboundChanges } from "../../commands/update-outbound.ts";
import { shownCertificate } from "../../keys/client-certificates.ts";
import type { InstanceOutbound, Outbound, TargetOutbound } from "../../keys/outbound.ts";

const HEADER_PATH = "headers.";

/** Paths that both kinds of settings have. */
const PATHS = [
  "headers",
  "oauth2_client",
  "oauth2_client.token_url",
  "oauth2_client.client_id",
  "oauth2_client.client_secret",
  "oauth2_client.scopes",
  "oauth2_client.audience",
  "client_certificate",
  "client_certificate.certificate",
  "client_certificate.private_key",
] as const;

/** What changes of what a target is sent: what the mask names or, without one, what is given. https://google.aip.dev/134 */
export function targetChangesFromProto(
  given: ProtoTargetOutbound | undefined,
  mask: FieldMask | undefined,
): TargetOutboundChanges {
  const names = namesOf(mask, "ignores_instance");
  return {
    ...changesFromProto(given, mask, names),
    ignoresInstance: names?.("ignores_instance") ? (given?.ignoresInstance ?? false) : given?.ignoresInstance,
    replacesAll: names?.("*") ?? false,
  };
}

/** What changes of what the instance sends, as for a target. */
export function instanceChangesFromProto(
  given: ProtoInstanceOutbound | undefined,
  mask: FieldMask | undefined,
): InstanceOutboundChanges {
  const names = namesOf(mask, "origins");
  const origins = given?.origins ?? [];
  return {
    ...changesFromProto(given, mask, names),
    // An empty list looks like none that is given.
    origins: names ? (names("origins") ? origins : undefined) : origins.length > 0 ? origins : undefined,
    replacesAll: names?.("*") ?? false,
  };
}

/** What a target is sent, without what is secret. */
export function targetOutboundToProto(outbound: TargetOutbound): MessageInitShape<typeof TargetOutboundSchema> {
  return { ...outboundToProto(outbound), ...(outbound.ignoresInstance && { ignoresInstance: true }) };
}

/** What the instance sends, without what is secret. */
export function instanceOutboundToProto(outbound: InstanceOutbound): MessageInitShape<typeof InstanceOutboundSchema> {
  return { ...outboundToProto(outbound), origins: [...outbound.origins] };
}

type Names = (path: string) => boolean;

/** Whether a mask names a path, itself or by all. Undefined: there is no mask. Throws `bad_request` for a path that is none. */
function namesOf(mask: FieldMask | undefined, own: string): Names | undefined {
  if (!mask) return undefined;
  const known: readonly string[] = ["*", own, ...PATHS];
  const unknown = mask.paths.find((path) => !known.includes(path) && !isHeaderPath(path));
  if (unknown !== undefined) {
    const all = [...known.slice(1), `${HEADER_PATH}NAME`].join(", ");
    const description = `there is no setting "${unknown.slice(0, 100)}". Name ${all}, or * for all.`;
    throw new InterposeError("bad_request", `update_mask: ${description}`, {
      violations: [{ field: "update_mask", description }],
    });
  }
  return (path) => mask.paths.includes(path) || mask.paths.includes("*");
}

function isHeaderPath(path: string): boolean {
  return path.startsWith(HEADER_PATH) && path.length > HEADER_PATH.length;
}

type GivenOutbound = Pick<ProtoTargetOutbound, "headers" | "oauth2Client" | "clientCertificate">;

function changesFromProto(
  given: GivenOutbound | undefined,
  mask: FieldMask | undefined,
  names: Names | undefined,
): OutboundChanges {
  return {
    headers: headersFromProto(given?.headers ?? {}, mask, names),
    oauth: clientFromProto(given?.oauth2Client, names),
    clientCertificate: certificateFromProto(given?.clientCertificate, names),
  };
}

function headersFromProto(
  given: Readonly<Record<string, string>>,
  mask: FieldMask | undefined,
  names: Names | undefined,
): HeaderChanges | undefined {
  if (!mask || !names) return Object.keys(given).length > 0 ? { given, removed: [] } : undefined;
  if (names("headers")) return { given, removed: "others" };
  const named = mask.paths.filter(isHeaderPath).map((path) => path.slice(HEADER_PATH.length).toLowerCase());
  if (named.length === 0) return undefined;
  const ofNames = Object.entries(given).filter(([name]) => named.includes(name.toLowerCase()));
  return { given: Object.fromEntries(ofNames), removed: named };
}

function clientFromProto(given: ProtoClient | undefined, names: Names | undefined): OAuthChanges | null | undefined {
  const { tokenUrl = "", clientId = "", clientSecret = "", scopes = [], audience = "" } = given ?? {};
  if (!names) {
    return (
      given && {
        tokenUrl: tokenUrl || undefined,
        clientId: clientId || undefined,
        clientSecret: clientSecret || undefined,
        scopes: scopes.length > 0 ? scopes : undefined,
        audience: audience || undefined,
      }
    );
  }
  const isWhole = names("oauth2_client");
  if (isWhole && !given) return null;
  const takes = (field: string): boolean => isWhole || names(`oauth2_client.${field}`);
  const changes: OAuthChanges = {
    tokenUrl: takes("token_url") ? tokenUrl : undefined,
    clientId: takes("client_id") ? clientId : undefined,
    clientSecret: takes("client_secret") ? clientSecret || undefined : undefined,
    scopes: takes("scopes") ? scopes : undefined,
    audience: takes("audience") ? audience || null : undefined,
  };
  return Object.values(changes).some((value) => value !== undefined) ? changes : undefined;
}

function certificateFromProto(
  given: ProtoCertificate | undefined,
  names: Names | undefined,
): CertificateChanges | null | undefined {
  const { certificate = "", privateKey = "" } = given ?? {};
  const changes = { certificate: certificate || undefined, privateKey: privateKey || undefined };
  if (!names) return given && changes;
  if (names("client_certificate")) return given ? changes : null;
  const named = {
    certificate: names("client_certificate.certificate") ? changes.certificate : undefined,
    privateKey: names("client_certificate.private_key") ? changes.privateKey : undefined,
  };
  return named.certificate === undefined && named.privateKey === undefined ? undefined : named;
}

function outboundToProto({ headers, oauth, clientCertificate }: Outbound) {
  return {
    headers: Object.fromEntries(Object.keys(headers).map((name) => [name, ""])),
    ...(oauth && { oauth2Client: clientToProto(oauth) }),
    ...(clientCertificate && { clientCertificate: certificateToProto(clientCertificate) }),
  };
}

function clientToProto({
  tokenUrl,
  clientId,
  scopes,
  audience = "",
}: OAuthClient): MessageInitShape<typeof OAuth2ClientSchema> {
  return { tokenUrl, clientId, scopes: [...scopes], audience };
}

function certificateToProto(
  certificate: NonNullable<Outbound["clientCertificate"]>,
): MessageInitShape<typeof ClientCertificateSchema> {
  const { subject, issuer, fingerprint, notAfter } = shownCertificate(certificate);
  return { subject, issuer, fingerprintSha256: fingerprint, notAfter: timestampFromDate(notAfter) };
}
