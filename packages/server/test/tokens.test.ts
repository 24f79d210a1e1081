import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { Code } from "@connectrpc/connect";
import { forSuite } from "./harness/cleanup.ts";
import { actionClient, refusal } from "./harness/clients.ts";
import { eventually } from "./harness/eventually.ts";
import { assertInvalid, assertRefused, metadataOf, violationsOf, type ExpectedViolation } from "./harness/refusals.ts";
import { startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";

const PATH = "/v1/tokens";
const NOT_VALID = {
  status: 401,
  code: 16,
  reason: "UNAUTHENTICATED",
  says: /^The token is not valid: unknown, expired or revoked\. Ask for a new one\.$/,
};

describe("interpose.v1.TokenService", () => {
  let server: TestServer;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
  });

  let count = 0;
  const create = (fields: Record<string, unknown>, token?: string): Promise<JsonAnswer> =>
    server.request("POST", PATH, { name: `token ${++count}`, ...fields }, token === undefined ? {} : { token });
  /** Creates a token as the admin. */
  const created = async (fields: Record<string, unknown>): Promise<{ id: string; token: string }> => {
    const { status, body } = await create(fields);
    assert.equal(status, 201, JSON.stringify(body));
    return body;
  };
  const revoke = (id: string): Promise<JsonAnswer> => server.request("POST", `${PATH}/${id}:revoke`, {});
  const list = async (parameters: Record<string, string>): Promise<any> => {
    const { status, body } = await server.request("GET", `${PATH}?${new URLSearchParams(parameters).toString()}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  };
  const listed = async (name: string, more: Record<string, string> = {}): Promise<readonly any[]> =>
    (await list({ name, ...more })).tokens ?? [];
  /** Uses a token for what a viewer may do. */
  const use = (token: string): Promise<JsonAnswer> =>
    server.request("GET", "/v3alpha/executions/services", undefined, { token });

  describe("POST /v1/tokens", () => {
    it("answers 201 with the id and the secret text, which proves its caller", async () => {
      const { status, body } = await create({ role: "ROLE_VIEWER" });
      assert.equal(status, 201);
      assert.deepEqual(Object.keys(body), ["id", "token"]);
      assert.match(body.token, new RegExp(`^ipt_${body.id}_[A-Za-z0-9_-]{43}$`));
      assert.equal((await use(body.token)).status, 200);
    });

    it("shows the secret text once: no list and no revocation has it", async () => {
      const { id, token } = await created({ name: "shown once", role: "ROLE_NONE" });
      const texts = [await list({}), await list({ showInactive: "true" }), (await revoke(id)).body];
      for (const text of texts.map((each) => JSON.stringify(each))) {
        assert.ok(text.includes(id));
        assert.ok(!text.includes(token.slice(-43)), "the secret is shown");
        assert.ok(!/secret|hash/i.test(text), text);
      }
    });

    const roles: readonly { role: string; statuses: readonly number[] }[] = [
      { role: "ROLE_ADMIN", statuses: [200, 201, 200] },
      { role: "ROLE_EDITOR", statuses: [200, 201, 403] },
      { role: "ROLE_VIEWER", statuses: [200, 403, 403] },
      { role: "ROLE_NONE", statuses: [403, 403, 403] },
    ];
    for (const { role, statuses } of roles) {
      it(`lets ${role} read targets, create one and list tokens with ${statuses.join(", ")}`, async () => {
        const { token } = await created({ role });
        const target = { name: `by ${role}`, endpoint: "https://example.com/", timeout: "1s", restAsync: {} };
        const answers = [
          await server.request("POST", "/v3alpha/targets/search", {}, { token }),
          await server.request("POST", "/v3alpha/targets", target, { token }),
          await server.request("GET", PATH, undefined, { token }),
        ];
        assert.deepEqual(
          answers.map(({ status }) => status),
          statuses,
        );
      });
    }

    it("adds single permissions to a role", async () => {
      const { token } = await created({ role: "ROLE_NONE", permissions: ["token.read"] });
      assert.equal((await server.request("GET", PATH, undefined, { token })).status, 200);
      assert.equal((await use(token)).status, 403);
    });

    const invalid: readonly {
      name: string;
      fields: Record<string, unknown>;
      violation: ExpectedViolation;
    }[] = [
      { name: "no name", fields: { name: "", role: "ROLE_NONE" }, violation: ["name", "[string.min_len]"] },
      { name: "a name of 201", fields: { name: "é".repeat(201), role: 4 }, violation: ["name", "[string.max_len]"] },
      { name: "a role that there is none of", fields: { role: 5 }, violation: ["role", "given: 5"] },
      {
        name: "a permission twice",
        fields: { permissions: ["token.read", "token.read"] },
        violation: ["permissions", "[repeated.unique]"],
      },
      {
        name: "an expiry in the past",
        fields: { role: "ROLE_NONE", expireTime: "2020-01-01T00:00:00Z" },
        violation: ["expire_time", "[timestamp.gt_now]", '"2020-01-01T00:00:00Z"'],
      },
    ];
    for (const { name, fields, violation } of invalid) {
      it(`refuses ${name} with 400`, async () => {
        const answer = await create(fields);
        assertInvalid(answer, [violation]);
      });
    }

    it("refuses a token that would have neither role nor permission with 400", async () => {
      const says = /CreateTokenRequest: give a role, permissions, or both \[token\.role_or_permissions\]/;
      assertRefused(await create({}), { status: 400, code: 3, reason: "VALIDATION_FAILED", says });
    });

    it("refuses a permission that there is none of with 400, and names those that there are", async () => {
      const answer = await create({ permissions: ["token.read", "execution.target"] });
      const says = /no permission "execution\.target"\. There are: .*execution\.target\.write/;
      assertRefused(answer, { status: 400, code: 3, reason: "BAD_REQUEST", says });
      assert.equal(violationsOf(answer)[0]?.field, "permissions");
    });

    const grants: readonly {
      name: string;
      maker: Record<string, unknown>;
      wanted: Record<string, unknown>;
      lacks?: string;
    }[] = [
      {
        name: "a permission that it does not hold",
        maker: { permissions: ["token.write", "execution.read"] },
        wanted: { permissions: ["execution.read", "execution.write"] },
        lacks: "execution.write",
      },
      {
        name: "a role with permissions that it does not hold",
        maker: { role: "ROLE_VIEWER", permissions: ["token.write"] },
        wanted: { role: "ROLE_EDITOR" },
        lacks: "execution.target.write",
      },
      {
        name: "the bypass, which an editor does not hold",
        maker: { role: "ROLE_EDITOR", permissions: ["token.write"] },
        wanted: { role: "ROLE_EDITOR", permissions: ["execution.bypass"] },
        lacks: "execution.bypass",
      },
      {
        name: "where targets can be called, which an editor does not hold",
        maker: { role: "ROLE_EDITOR", permissions: ["token.write"] },
        wanted: { permissions: ["target.egress.write"] },
        lacks: "target.egress.write",
      },
      {
        name: "a part of what it holds",
        maker: { role: "ROLE_EDITOR", permissions: ["token.write"] },
        wanted: { role: "ROLE_VIEWER", permissions: ["token.write", "execution.delete"] },
      },
      { name: "nothing", maker: { permissions: ["token.write"] }, wanted: { role: "ROLE_NONE" } },
    ];
    for (const { name, maker, wanted, lacks } of grants) {
      it(`${lacks === undefined ? "lets a token give away" : "keeps a token from giving away"} ${name}`, async () => {
        const { token } = await created(maker);
        const answer = await create(wanted, token);
        if (lacks === undefined) {
          assert.equal(answer.status, 201, JSON.stringify(answer.body));
          return;
        }
        const says = new RegExp(`does not have the permission "${lacks}"`);
        assertRefused(answer, { status: 403, code: 7, reason: "PERMISSION_DENIED", says });
        assert.deepEqual(metadataOf(answer), { permission: lacks });
      });
    }
  });

  it("ends a token's use when its time is over, and takes it out of the list", async () => {
    const name = "short-lived";
    const expireTime = new Date(Date.now() + 1_200).toISOString();
    const { token, expireTime: answered } = (await create({ name, role: "ROLE_VIEWER", expireTime })).body;
    assert.equal(answered, expireTime);
    assert.equal((await use(token)).status, 200);
    assert.deepEqual(
      (await listed(name)).map((each) => each.expireTime),
      [expireTime],
    );
    const refused = await eventually("the token expires", async () => {
      const answer = await use(token);
      return answer.status === 200 ? undefined : answer;
    });
    assert.ok(Date.now() >= Date.parse(expireTime), "it ended before its time");
    assertRefused(refused, NOT_VALID);
    assert.deepEqual(await listed(name), []);
    assert.deepEqual(
      (await listed(name, { showInactive: "true" })).map((each) => each.expireTime),
      [expireTime],
    );
  });

  describe("POST /v1/tokens/{id}:revoke", () => {
    it("ends a token's use from the next call on, on every protocol, and says when", async () => {
      const name = "to be revoked";
      const { id, token } = await created({ name, role: "ROLE_VIEWER" });
      const client = actionClient(server, "gRPC over HTTP/2", { authorization: `Bearer ${token}` });
      assert.equal((await use(token)).status, 200);
      await client.listExecutionServices({});
      const { status, body } = await revoke(id);
      assert.equal(status, 200);
      assertRefused(await use(token), NOT_VALID);
      assert.equal((await refusal(client.listExecutionServices({}))).code, Code.Unauthenticated);

      assert.deepEqual(Object.keys(body), ["token"]);
      assert.deepEqual(Object.keys(body.token), ["id", "name", "role", "createTime", "revokeTime"]);
      assert.ok(Date.parse(body.token.revokeTime) >= Date.parse(body.token.createTime));
      assert.deepEqual(await listed(name), []);
      assert.deepEqual(await listed(name, { showInactive: "true" }), [body.token]);
      assert.deepEqual((await revoke(id)).body, body, "a second revocation leaves it as it is");
    });

    it("ends the streams that are read with the token, within seconds", async () => {
      const { id, token } = await created({ role: "ROLE_VIEWER" });
      const response = await fetch(`${server.url}/v1/events:watch`, {
        headers: { authorization: `Bearer ${token}`, accept: "application/x-ndjson" },
        signal: AbortSignal.timeout(30_000),
      });
      assert.equal(response.status, 200);
      await revoke(id);
      // It would go on for ever.
      const lines = (await response.text()).trim().split("\n");
      const { error } = JSON.parse(lines.at(-1) ?? "");
      assert.equal(error.code, 16);
      assert.match(error.message, NOT_VALID.says);
    });

    it("refuses an unknown id with 404", async () => {
      const expected = { status: 404, code: 5, reason: "TOKEN_NOT_FOUND", says: /no token "404"/ };
      assertRefused(await revoke("404"), expected);
    });

    it("lets a token that may revoke end itself", async () => {
      const { id, token } = await created({ permissions: ["token.delete"] });
      const own = (): Promise<JsonAnswer> => server.request("POST", `${PATH}/${id}:revoke`, {}, { token });
      assert.equal((await own()).status, 200);
      assertRefused(await own(), NOT_VALID);
    });
  });

  describe("GET /v1/tokens", () => {
    it("shows what a token is and may", async () => {
      const expireTime = "2100-01-01T00:00:00Z";
      const { id } = await created({ name: "in full", role: "ROLE_VIEWER", permissions: ["token.read"], expireTime });
      const [token] = await listed("in full");
      const { createTime, ...rest } = token;
      assert.ok(Math.abs(Date.parse(createTime) - Date.now()) < 60_000);
      assert.deepEqual(rest, { id, name: "in full", role: "ROLE_VIEWER", permissions: ["token.read"], expireTime });
    });

    it("answers page after page, newest first, each token once, also while tokens come and go", async () => {
      const ids: string[] = [];
      for (let i = 0; i < 5; i++) ids.unshift((await created({ name: `paged ${i}`, role: "ROLE_NONE" })).id);
      const page = (pageToken?: string): Promise<any> =>
        list({ name: "paged", pageSize: "2", ...(pageToken !== undefined && { pageToken }) });
      const idsOf = ({ tokens }: any): string[] => tokens.map(({ id }: { id: string }) => id);

      const first = await page();
      assert.deepEqual(idsOf(first), ids.slice(0, 2));
      await created({ name: "paged, but too late", role: "ROLE_NONE" });
      await revoke(ids[1] ?? "");
      const second = await page(first.nextPageToken);
      assert.deepEqual(idsOf(second), ids.slice(2, 4));
      const third = await page(second.nextPageToken);
      assert.deepEqual(idsOf(third), ids.slice(4));
      assert.equal(third.nextPageToken, undefined);
      assert.equal((await list({ name: "paged", pageSize: "5" })).nextPageToken, undefined, "a page that is just full");
    });

    it("filters by a part of the name, in which nothing has a special meaning", async () => {
      for (const name of ["100% of it", "100 of it", "a_b", "aXb"]) await created({ name, role: "ROLE_NONE" });
      const names = async (part: string): Promise<string[]> => (await listed(part)).map(({ name }) => name);
      assert.deepEqual(await names("100%"), ["100% of it"]);
      assert.deepEqual(await names("a_b"), ["a_b"]);
      assert.deepEqual(await names("of it"), ["100 of it", "100% of it"]);
      assert.deepEqual(await names("OF IT"), []);
    });

    const invalid: readonly { name: string; parameters: Record<string, string>; field: string }[] = [
      { name: "a negative page size", parameters: { pageSize: "-1" }, field: "page_size" },
      { name: "a page size beyond 1000", parameters: { pageSize: "1001" }, field: "page_size" },
      { name: "a name of 201 characters", parameters: { name: "n".repeat(201) }, field: "name" },
    ];
    for (const { name, parameters, field } of invalid) {
      it(`refuses ${name} with 400`, async () => {
        const query = new URLSearchParams(parameters).toString();
        assertInvalid(await server.request("GET", `${PATH}?${query}`), [[field]]);
      });
    }

    for (const pageToken of ["nonsense", "MTIz", "LTEuMQ"]) {
      it(`refuses the page token "${pageToken}", which the server did not give, with 400`, async () => {
        const answer = await server.request("GET", `${PATH}?pageToken=${pageToken}`);
        const says = /page_token is not one that this server gave/;
        assertRefused(answer, { status: 400, code: 3, reason: "PAGE_TOKEN_INVALID", says });
        assert.equal(violationsOf(answer)[0]?.field, "page_token");
      });
    }
  });
});
