// An OpenID provider (npm: oidc-provider) whose tokens targets of Interpose can add to, or refuse.
//   INTERPOSE_URL=http://127.0.0.1:8080 INTERPOSE_TOKEN=… node examples/oidc-provider/server.mjs      serves on PORT, by default 9100
// The token needs the permission function.invoke. Hook it: PUT /v3alpha/executions with the condition {"function": {"name": "preaccesstoken"}}
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";
import { functionsAt } from "./functions.mjs";
import { claimsBy } from "./hooks.mjs";
import { addLogin } from "./login.mjs";
import { findUser } from "./users.mjs";

const { INTERPOSE_URL = "http://127.0.0.1:8080", INTERPOSE_TOKEN = "", PORT = "9100" } = process.env;
const { REDIRECT_URI = "http://127.0.0.1:9101/callback" } = process.env;
/** An API that takes access tokens: they are JWTs, for it to verify by itself. */
const API = "https://api.example.com";
/** oidc-provider lets out no claim that it was not told of: what targets may add, and the log of it. */
const CLAIMS_OF_TARGETS = ["plan", "department", "urn:zitadel:iam:action:function/preuserinfo:log"];

const invoke = functionsAt(INTERPOSE_URL, INTERPOSE_TOKEN);
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

const server = createServer((request, response) => provider(request, response));
await new Promise((resolve) => server.listen(Number(PORT), "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const oidc = new Provider(issuer, {
  clients: [
    {
      client_id: "app",
      token_endpoint_auth_method: "none", // a public client, which proves itself by PKCE
      redirect_uris: [REDIRECT_URI],
    },
  ],
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), alg: "RS256", use: "sig" }] },
  cookies: { keys: [randomBytes(32).toString("base64url")] },
  claims: { openid: ["sub", ...CLAIMS_OF_TARGETS], profile: ["name"], email: ["email"] },
  conformIdTokenClaims: false, // claims go into the id token, not only into userinfo
  features: {
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({ scope: "read", audience: API, accessTokenFormat: "jwt" }),
    },
  },
  async findAccount(context, userId) {
    const user = findUser(userId);
    if (!user) return undefined;
    return {
      accountId: userId,
      claims: () => {
        const claims = { sub: userId, name: user.name, email: user.email };
        return claimsBy(invoke, "preuserinfo", userId, context.oidc.client.clientId, claims);
      },
    };
  },
  async extraTokenClaims(_context, token) {
    if (token.format !== "jwt" || token.accountId === undefined) return undefined;
    const { accountId: sub, aud, clientId: client_id, scope } = token;
    const iat = Math.floor(Date.now() / 1000);
    // What the token has of its own is for no target to set.
    const own = { iss: issuer, sub, aud, client_id, scope, iat, exp: iat + token.expiration };
    const claims = await claimsBy(invoke, "preaccesstoken", sub, client_id, own);
    return Object.fromEntries(Object.entries(claims).filter(([key]) => !Object.hasOwn(own, key)));
  },
});
addLogin(oidc);
const provider = oidc.callback();
console.log(`ready at ${issuer}`);

process.once("SIGTERM", () => server.close().closeAllConnections());
