// Where the provider's claims come by functions: `preuserinfo` for what goes into id tokens and userinfo, `preaccesstoken` for access tokens that are JWTs.
import { applyClaims } from "interpose/claims";
import { errors } from "oidc-provider";
import { FunctionRefused } from "./functions.mjs";
import { findUser, metadataOf, setMetadata } from "./users.mjs";

/** The claims that come of a function, by those that the provider has, as ZITADEL has it. What refuses or fails ends the request that the claims are for. */
export async function claimsBy(invoke, name, userId, clientId, claims) {
  const user = findUser(userId);
  const input = {
    userinfo: claims,
    user: { id: userId, human: { display_name: user.name, email: user.email } },
    user_metadata: [...metadataOf(userId)].map(([key, text]) => ({ key, value: Buffer.from(text).toString("base64") })),
    org: user.org,
    application: { client_id: clientId },
  };
  const output = await invoke(name, input).catch((error) => {
    if (!(error instanceof FunctionRefused)) throw error;
    if (error.byTarget) throw new errors.AccessDenied(error.message);
    console.error(error.message);
    throw new errors.TemporarilyUnavailable("the claims cannot be completed at the moment");
  });
  const failedMetadata = (output.set_user_metadata ?? [])
    .filter(({ key, value = "" }) => !isSet(userId, key, Buffer.from(value, "base64").toString()))
    .map(({ key }) => key);
  return applyClaims(claims, output, name, { failedMetadata });
}

function isSet(userId, key, text) {
  try {
    setMetadata(userId, key, text);
    return true;
  } catch {
    return false;
  }
}
