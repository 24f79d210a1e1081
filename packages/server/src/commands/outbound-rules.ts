import { faultOfTargetHeaders, type ClientCertificate, type OAuthClient } from "@interpose/caller";
import { InterposeError } from "@interpose/engine";
import type { Permission } from "../access/permissions.ts";
import { faultOfClientCertificate } from "../keys/client-certificates.ts";
import { parseOriginPattern } from "../keys/origin-patterns.ts";
import type { CommandContext } from "./context.ts";

const NEEDED: Permission = "target.outbound.write";

const LONGEST_URL = 1_000;
const LONGEST_ID = 500;
const LONGEST_SECRET = 4_000;
const MOST_SCOPES = 50;
const LONGEST_SCOPE = 200;

/** RFC 6749, section 3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
/** RFC 6749, appendix A.1 and A.2. */
const VISIBLE = /^[\x20-\x7e]+$/;

/** Refuses headers that a target cannot be sent. The text never says a value. */
export function checkHeaders(headers: Readonly<Record<string, string>>): void {
  const fault = faultOfTargetHeaders(headers);
  if (fault !== undefined) throw invalid("headers", fault);
}

/** Refuses a client that no token could be asked for with. */
export function checkOAuthClient(client: OAuthClient): void {
  const fault = faultOfTokenUrl(client.tokenUrl);
  if (fault !== undefined) throw invalid("oauth2_client.token_url", fault);
  checkText("client_id", client.clientId, LONGEST_ID);
  checkText("client_secret", client.clientSecret, LONGEST_SECRET);
  if (client.audience !== undefined) checkText("audience", client.audience, LONGEST_URL);
  const { scopes } = client;
  if (scopes.length > MOST_SCOPES)
    throw invalid("oauth2_client.scopes", `${scopes.length} scopes are given; at most ${MOST_SCOPES} are allowed.`);
  for (const [i, scope] of scopes.entries()) {
    if (scope.length > LONGEST_SCOPE || !SCOPE.test(scope))
      throw invalid(
        `oauth2_client.scopes[${i}]`,
        `A scope has up to ${LONGEST_SCOPE} visible ASCII characters, and no space, quotation mark and backslash.`,
      );
  }
}

/** Refuses a certificate that cannot be shown: with another's key, or one that has expired. */
export function checkClientCertificate(certificate: ClientCertificate): void {
  const found = faultOfClientCertificate(certificate, new Date());
  if (!found) return;
  const what = found.field === "certificate" ? "The certificate" : "The private key";
  throw invalid(`client_certificate.${found.field}`, `${what} ${found.fault}`);
}

/** Origins in one spelling, without repetitions. */
export function checkedOrigins(given: readonly string[]): readonly string[] {
  const texts = given.map((text, i) => {
    const pattern = parseOriginPattern(text);
    if (pattern) return pattern.text;
    throw invalid(
      `origins[${i}]`,
      `"${text.slice(0, 60)}" is not an origin. Write scheme, host and, where it is not the scheme's own, port: https://hooks.corp, http://hooks.corp:8080, or https://*.corp for all names that end in .corp.`,
    );
  });
  return [...new Set(texts)];
}

/** Refuses a change of where secrets go that somebody else may have given: `what` is it. */
export function authorizeOutbound({ permissions }: CommandContext, what: string): void {
  if (permissions.has(NEEDED)) return;
  throw new InterposeError(
    "permission_denied",
    `${what} needs the permission "${NEEDED}", which the caller does not have. Or take what it is sent away first, by UpdateTargetOutbound with the mask "*", and give it again afterwards.`,
    { id: "AUTHZ-AWfge", key: "Errors.PermissionDenied", metadata: { permission: NEEDED } },
  );
}

/** An error about what is sent. `field` is its path within the settings. */
export function invalid(field: string, description: string): InterposeError {
  const path = `outbound.${field}`;
  return new InterposeError("target_invalid", `${path}: ${description}`, {
    violations: [{ field: path, description }],
  });
}

function faultOfTokenUrl(text: string): string | undefined {
  if (text === "") return "The URL of the token endpoint is missing.";
  if (text.length > LONGEST_URL) return `The URL has ${text.length} characters; at most ${LONGEST_URL} are allowed.`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:"))
    return "It is not an absolute URL of http or https, such as https://id.example.com/oauth/token.";
  if (url.username !== "" || url.password !== "")
    return "The URL has a user name or a password. Give them as client_id and client_secret.";
  return url.hash === "" ? undefined : "The URL has a fragment, which that of a token endpoint must not have.";
}

function checkText(field: "client_id" | "client_secret" | "audience", text: string, longest: number): void {
  if (text.length >= 1 && text.length <= longest && VISIBLE.test(text)) return;
  const fault = text === "" ? "is missing" : `has up to ${longest} visible ASCII characters and spaces`;
  throw invalid(`oauth2_client.${field}`, `The ${field.replace("_", " ")} ${fault}.`);
}
