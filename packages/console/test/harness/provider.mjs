// An OpenID provider (npm: oidc-provider) with the console as a public client. Users are called like the role that they have; "nobody" is refused.
// A program of its own, since the package comes without types.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [clientId, audience] = process.argv.slice(2);
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

const server = createServer((request, response) => callback(request, response));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: clientId,
      token_endpoint_auth_method: "none",
      // Of loopback addresses any port counts (RFC 8252, section 7.3).
      application_type: "native",
      redirect_uris: ["http://127.0.0.1/console/signed-in"],
    },
  ],
  clientBasedCORS: () => true,
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), alg: "RS256", use: "sig" }] },
  cookies: { keys: [randomBytes(32).toString("base64url")] },
  features: {
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({ scope: "openid", audience, accessTokenFormat: "jwt" }),
    },
  },
  findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  extraTokenClaims: (_context, { accountId }) => ({ roles: [accountId] }),
});
provider.use(logIn);
const callback = provider.callback();
console.log(`ready at ${issuer}`);

/** Logs in whoever is named, by a page with one field, and asks nobody whether the console may. */
async function logIn(context, next) {
  if (!context.path.startsWith("/interaction/")) return next();
  const { prompt, session, params } = await provider.interactionDetails(context.req, context.res);
  if (prompt.name === "consent") {
    const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    for (const [resource, scopes] of Object.entries(prompt.details.missingResourceScopes ?? {}))
      grant.addResourceScope(resource, scopes.join(" "));
    return finish(context, { consent: { grantId: await grant.save() } });
  }
  if (context.method === "POST") {
    const user = new URLSearchParams(
      await context.req
        .setEncoding("utf8")
        .toArray()
        .then((all) => all.join("")),
    ).get("user");
    if (user === "nobody")
      return finish(context, { error: "access_denied", error_description: "nobody may not sign in" });
    return finish(context, { login: { accountId: user } });
  }
  context.type = "html";
  context.body =
    '<!doctype html><title>Log in</title><link rel="icon" href="data:,"><form method="post"><input name="user"><button>Log in</button></form>';
}

async function finish(context, result) {
  context.respond = false;
  await provider.interactionFinished(context.req, context.res, result, { mergeWithLastSubmission: true });
}
