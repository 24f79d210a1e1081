import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { forSuite } from "./harness/cleanup.ts";
import { eventually } from "./harness/eventually.ts";
import { AUDIENCE, startIssuer, type TestIssuer } from "./harness/issuer.ts";
import { assertRefused } from "./harness/refusals.ts";
import { startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";

const NOT_VALID = { status: 401, code: 16, reason: "UNAUTHENTICATED", says: /^The token is not valid/ };

/** The tests follow each other: the issuer is down from the start, comes up, and goes down again. */
describe("an OIDC issuer that cannot be reached", () => {
  let server: TestServer;
  let issuer: TestIssuer;
  const suite = forSuite();
  before(async () => {
    issuer = await startIssuer(suite);
    await issuer.close();
    server = await startServer(suite, {
      env: {
        INTERPOSE_OIDC_ISSUER: issuer.url,
        INTERPOSE_OIDC_AUDIENCE: AUDIENCE,
        INTERPOSE_OIDC_ROLES_CLAIM: "realm_access.roles",
      },
    });
  });

  const use = (token?: string): Promise<JsonAnswer> =>
    server.request("GET", "/v3alpha/executions/services", undefined, token === undefined ? {} : { token });
  const viewer = (): Promise<string> => issuer.token({ realm_access: { roles: ["viewer"] } });
  const assertServes = async (): Promise<void> => {
    assert.equal((await use()).status, 200, "the admin token works");
    const { body } = await server.request("POST", "/v1/tokens", { name: "other", role: "ROLE_VIEWER" });
    assert.equal((await use(body.token)).status, 200, "a stored token works");
    assert.equal((await server.request("GET", "/readyz", undefined, { token: null })).status, 200);
  };

  it("keeps no server from starting, and refuses its tokens alone", async () => {
    assertRefused(await use(await viewer()), NOT_VALID);
    await assertServes();
  });

  it("has its tokens refused at once, without asking it for each of them", async () => {
    const token = await viewer();
    const began = performance.now();
    for (let i = 0; i < 20; i++) assertRefused(await use(token), NOT_VALID);
    assert.ok(performance.now() - began < 3_000, "no refusal waits for the issuer");
  });

  it("has its tokens accepted when it comes up, with roles from a claim inside of another", async () => {
    await issuer.open();
    const token = await viewer();
    const accepted = await eventually("the issuer is asked again", async () => {
      const answer = await use(token);
      return answer.status === 401 ? undefined : answer;
    });
    assert.equal(accepted.status, 200, JSON.stringify(accepted.body));
    assert.equal((await use(await issuer.token({ roles: ["viewer"] }))).status, 403, "another claim does not count");
    assert.equal(
      (await use(await issuer.token({ "realm_access.roles": "viewer" }))).status,
      200,
      "a claim of that very name",
    );
  });

  it("does not matter for keys that are known when it goes down again", async () => {
    await issuer.close();
    assert.equal((await use(await viewer())).status, 200);
    await assertServes();
  });
});
