import { isJsonObject, type JsonObject, type JsonValue } from "@interpose/engine";

/** Claims that begin so are the provider's own: no target can set them. */
const OWN_CLAIMS = "urn:zitadel:iam";

/** Choices of `applyClaims()`. */
export interface ApplyClaimsOptions {
  /** Keys of `set_user_metadata` that the provider could not write. Each is told in the log claim. */
  readonly failedMetadata?: readonly string[];
}

/**
 * What a provider's claims become by the output of `preuserinfo` or `preaccesstoken`, as ZITADEL has it: `append_claims` are added, but for those that begin
 * with `urn:zitadel:iam`, which are dropped, and those that are there already, which stay as they are. That, and `append_log_claims`, is told in the claim
 * `urn:zitadel:iam:action:function/NAME:log`. `claims` stays as it is. `set_user_metadata` is for the provider to write.
 */
export function applyClaims(
  claims: JsonObject,
  output: JsonObject,
  functionName: string,
  { failedMetadata = [] }: ApplyClaimsOptions = {},
): JsonObject {
  // A map keeps a key such as "__proto__" what it is: a key.
  const applied = new Map<string, JsonValue>(Object.entries(claims));
  const logs = failedMetadata.map((key) => `failed to set user metadata key ${JSON.stringify(key)}`);
  for (const claim of listAt(output, "append_claims")) {
    if (!isJsonObject(claim) || typeof claim.key !== "string" || claim.key.startsWith(OWN_CLAIMS)) continue;
    if (applied.has(claim.key)) logs.push(`key ${JSON.stringify(claim.key)} already exists`);
    else applied.set(claim.key, claim.value ?? null);
  }
  logs.push(...listAt(output, "append_log_claims").filter((log) => typeof log === "string"));
  if (logs.length > 0) applied.set(`${OWN_CLAIMS}:action:function/${functionName}:log`, logs);
  return Object.fromEntries(applied);
}

function listAt(output: JsonObject, key: string): readonly JsonValue[] {
  const list = output[key];
  return Array.isArray(list) ? (list as readonly JsonValue[]) : [];
}
