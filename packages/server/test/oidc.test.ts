import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { Code } from "@connectrpc/connect";
import { generateKeyPair } from "jose";
import { createTarget, methodName, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { actionClient, refusal } from "./harness/clients.ts";
import { eventually } from "./harness/eventually.ts";
import { AUDIENCE, startIssuer, type TestClaims, type TestIssuer, type TokenOptions } from "./harness/issuer.ts";
import { assertRefused } from "./harness/refusals.ts";
import { startServer, temporaryDirectory, type JsonAnswer, type TestServer } from "./harness/server.ts";
import { startTarget } from "./harness/target.ts";

const SKEW_SECONDS = 30;
const NOT_VALID = {
  status: 401,
  code: 16,
  reason: "UNAUTHENTICATED",
  says: /^The token is not valid: unknown, expired or revoked\. Ask for a new one\.$/,
};

describe("OIDC access tokens", () => {
  let server: TestServer;
  let issuer: TestIssuer;
  const suite = forSuite();
  before(async () => {
    issuer = await startIssuer(suite);
    const config = join(await temporaryDirectory(suite), "interpose.yaml");
    await writeFile(
      config,
      JSON.stringify({
        oidc: {
          issuer: issuer.url,
          audience: AUDIENCE,
          rolesClaim: "roles",
          roleMapping: { "platform-admin": "admin", developer: "editor", editor: "viewer" },
          clockSkewSeconds: SKEW_SECONDS,
        },
      }),
    );
    server = await startServer(suite, { flags: ["--config", config] });
  });

  /** Calls what a viewer may call. */
  const use = (token: string): Promise<JsonAnswer> =>
    server.request("GET", "/v3alpha/executions/services", undefined, { token });
  const seconds = (fromNow: number): number => Math.floor(Date.now() / 1000) + fromNow;
  const VIEWER = { roles: "viewer" };

  const accepted: readonly { name: string; claims?: () => TestClaims; options?: TokenOptions }[] = [
    { name: "as RFC 9068 has it" },
    { name: "of the type JWT", options: { header: { typ: "JWT" } } },
    { name: "of the type application/at+jwt", options: { header: { typ: "application/at+jwt" } } },
    { name: "without a type", options: { header: { typ: undefined } } },
    { name: "for several audiences, of which one is right", claims: () => ({ aud: ["other", AUDIENCE] }) },
    {
      name: "that expired within the tolerated difference of clocks",
      claims: () => ({ exp: seconds(5 - SKEW_SECONDS) }),
    },
    {
      name: "that is valid within the tolerated difference of clocks",
      claims: () => ({ nbf: seconds(SKEW_SECONDS - 5) }),
    },
    { name: "that is valid for long already", claims: () => ({ nbf: seconds(-3600), iat: seconds(-3600) }) },
  ];
  for (const { name, claims, options } of accepted) {
    it(`prove a caller with a token ${name}`, async () => {
      const { status, body } = await use(await issuer.token({ ...VIEWER, ...claims?.() }, options));
      assert.equal(status, 200, JSON.stringify(body));
    });
  }

  const refused: readonly { name: string; claims?: () => TestClaims; options?: TokenOptions }[] = [
    { name: "for another audience", claims: () => ({ aud: "other" }) },
    { name: "for other audiences", claims: () => ({ aud: ["other", `${AUDIENCE}-2`] }) },
    { name: "for no audience", claims: () => ({ aud: undefined }) },
    { name: "of another issuer", claims: () => ({ iss: "https://id.example.com" }) },
    { name: "of the issuer with a slash more", claims: () => ({ iss: `${issuer.url}/` }) },
    { name: "of no issuer", claims: () => ({ iss: undefined }) },
    { name: "that expired", claims: () => ({ exp: seconds(-SKEW_SECONDS - 5) }) },
    { name: "that never expires", claims: () => ({ exp: undefined }) },
    { name: "with an expiry that is no number", claims: () => ({ exp: "tomorrow" }) },
    { name: "that is not valid yet", claims: () => ({ nbf: seconds(SKEW_SECONDS + 5) }) },
    { name: "of nobody", claims: () => ({ sub: undefined }) },
    { name: "of an empty subject", claims: () => ({ sub: "" }) },
    { name: "of a subject that is no text", claims: () => ({ sub: 5 }) },
    { name: "of the type logout+jwt", options: { header: { typ: "logout+jwt" } } },
    { name: "of the type dpop+jwt", options: { header: { typ: "dpop+jwt" } } },
    { name: "of the type secevent+jwt", options: { header: { typ: "application/secevent+jwt" } } },
  ];
  for (const { name, claims, options } of refused) {
    it(`refuse a token ${name}`, async () => {
      assertRefused(await use(await issuer.token({ ...VIEWER, ...claims?.() }, options)), NOT_VALID);
    });
  }

  it("refuse a token that another key signed under the issuer's key id", async () => {
    const { privateKey } = await generateKeyPair("RS256");
    assertRefused(await use(await issuer.token(VIEWER, { key: privateKey })), NOT_VALID);
  });

  it("refuse a token whose claims were changed after it was signed", async () => {
    const [header, , signature] = (await issuer.token(VIEWER)).split(".");
    const [, claims] = (await issuer.token({ roles: "admin" })).split(".");
    assertRefused(await use([header, claims, signature].join(".")), NOT_VALID);
  });

  it("refuse a token that is signed with the public key as a shared secret", async () => {
    const key = new TextEncoder().encode(await issuer.publicKeyPem());
    for (const alg of ["HS256", "HS512"]) {
      assertRefused(await use(await issuer.token(VIEWER, { header: { alg }, key })), NOT_VALID);
    }
  });

  it('refuse a token with the algorithm "none", whatever stands in place of a signature', async () => {
    const [, claims, signature] = (await issuer.token(VIEWER)).split(".");
    for (const alg of ["none", "None", "NONE"]) {
      const header = Buffer.from(JSON.stringify({ alg, kid: issuer.keyId(), typ: "at+jwt" })).toString("base64url");
      for (const end of ["", signature]) assertRefused(await use(`${header}.${claims}.${end}`), NOT_VALID);
    }
  });

  for (const token of ["a.b.c", "..", "eyJhbGciOiJSUzI1NiJ9..", "a.b.c.d.e"]) {
    it(`refuse "${token}", which is no token`, async () => assertRefused(await use(token), NOT_VALID));
  }

  it("say in the log why a token was refused, and not to the caller", async () => {
    assertRefused(await use(await issuer.token({ ...VIEWER, aud: "for somebody else" })), NOT_VALID);
    await eventually("the log says why", () => /"token\.refused".*aud/.test(server.stderr()));
  });

  /** What roles let a caller do: read, write, manage tokens. */
  const MAY = { admin: [200, 200, 200], editor: [200, 200, 403], viewer: [200, 403, 403], nothing: [403, 403, 403] };
  const roles: readonly { name: string; claim: unknown; may: keyof typeof MAY }[] = [
    { name: "a text", claim: "viewer", may: "viewer" },
    { name: "a text with several", claim: "unknown viewer", may: "viewer" },
    { name: "a list", claim: ["viewer"], may: "viewer" },
    { name: "a list with others that nobody knows", claim: ["unknown", 5, null, "admin"], may: "admin" },
    { name: "the keys of an object", claim: { viewer: { "1234": "example.com" } }, may: "viewer" },
    { name: "several keys of an object", claim: { unknown: {}, developer: {} }, may: "editor" },
    { name: "a role that is mapped to admin", claim: "platform-admin", may: "admin" },
    { name: "a role that is mapped to editor", claim: ["developer"], may: "editor" },
    { name: "a role that has a name of ours and is mapped to another", claim: ["editor"], may: "viewer" },
    { name: "two roles, which add up", claim: ["viewer", "developer"], may: "editor" },
    { name: "a role that nobody knows", claim: "unknown", may: "nothing" },
    { name: "a role in another case of letters", claim: "Admin", may: "nothing" },
    { name: "a role that may nothing", claim: "none", may: "nothing" },
    { name: "names that every object has", claim: ["constructor", "__proto__", "toString"], may: "nothing" },
    { name: "an empty text", claim: "", may: "nothing" },
    { name: "an empty list", claim: [], may: "nothing" },
    { name: "a number", claim: 1, may: "nothing" },
    { name: "nothing", claim: undefined, may: "nothing" },
  ];
  for (const { name, claim, may } of roles) {
    it(`take the roles from the configured claim, here ${name}: ${may}`, async () => {
      const token = await issuer.token({ roles: claim });
      const target = await createTarget(server, { name: `for ${name}`, endpoint: "https://example.com/" });
      const answers = [
        await server.request("GET", `/v3alpha/targets/${target}`, undefined, { token }),
        await server.request("PUT", `/v3alpha/targets/${target}`, { timeout: "1s" }, { token }),
        await server.request("GET", "/v1/tokens", undefined, { token }),
      ];
      assert.deepEqual(
        answers.map(({ status }) => status),
        MAY[may],
      );
    });
  }

  it("tell a caller without a role which permission is missing", async () => {
    const answer = await use(await issuer.token({ roles: "unknown" }));
    const says = /needs the permission "execution\.read"/;
    assertRefused(answer, { status: 403, code: 7, reason: "PERMISSION_DENIED", id: "AUTHZ-AWfge", says });
  });

  it("keep an editor from giving away more than it has", async () => {
    const body = { name: "more", role: "ROLE_ADMIN" };
    const token = await issuer.token({ roles: "platform-admin" });
    assert.equal((await server.request("POST", "/v1/tokens", body, { token })).status, 201);
    const editor = await issuer.token({ roles: "developer" });
    assert.equal((await server.request("POST", "/v1/tokens", body, { token: editor })).status, 403);
  });

  it("prove callers over gRPC too", async () => {
    const client = async (claims: TestClaims) =>
      actionClient(server, "gRPC over HTTP/2", { authorization: `Bearer ${await issuer.token(claims)}` });
    assert.ok((await (await client(VIEWER)).listExecutionServices({})).services.length > 0);
    const expired = await client({ ...VIEWER, exp: seconds(-600) });
    assert.equal((await refusal(expired.listExecutionServices({}))).code, Code.Unauthenticated);
  });

  it("show targets who called, and from which organisation", async (t) => {
    const hook = await startTarget(t);
    const target = await createTarget(server, { endpoint: hook.url });
    const condition = { request: { method: methodName("ListExecutionServices") } };
    await setExecution(server, condition, [target]);
    t.after(() => server.request("DELETE", "/v3alpha/executions", { condition }));
    const claims = { ...VIEWER, sub: "somebody", "urn:zitadel:iam:user:resourceowner:id": "org-1" };
    assert.equal((await use(await issuer.token(claims))).status, 200);
    assert.deepEqual([hook.calls[0]?.body.userID, hook.calls[0]?.body.orgID], ["somebody", "org-1"]);
  });

  it("keep the keys that are known while the issuer is down, and take its new one when it is back", async () => {
    const old = await issuer.token(VIEWER);
    assert.equal((await use(old)).status, 200);
    const { privateKey } = await generateKeyPair("ES256");
    const stray = await issuer.token(VIEWER, { header: { kid: "nobody-knows", alg: "ES256" }, key: privateKey });
    await issuer.close();
    await issuer.addKey("ES256");
    const token = await issuer.token(VIEWER);
    assertRefused(await use(token), NOT_VALID);
    assert.equal((await use(old)).status, 200);
    assert.equal((await server.request("GET", "/v3alpha/executions/services")).status, 200, "the admin token works");

    await issuer.open();
    const asked = (): number => issuer.requests.filter((path) => path === "/keys").length;
    const askedBefore = asked();
    await eventually("the new key is known", async () => {
      assertRefused(await use(stray), NOT_VALID);
      return (await use(token)).status === 200;
    });
    assert.equal((await use(old)).status, 200, "the old key is in the issuer's set still");
    for (let i = 0; i < 10; i++) assertRefused(await use(stray), NOT_VALID);
    assert.ok(asked() <= askedBefore + 2, "the keys are asked for now and then, not for each token");
  });
});
