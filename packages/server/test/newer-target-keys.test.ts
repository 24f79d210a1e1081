import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { before, describe, it } from "node:test";
import { createTarget } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { assertInvalid, assertRefused } from "./harness/refusals.ts";
import { startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";

const KEY = /^[A-Za-z0-9]{36}$/;
const PEM = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ type: "spki", format: "pem" });
const base64 = (text: string | Buffer): string => Buffer.from(text).toString("base64");

describe("keys of targets in the newer action APIs", () => {
  let server: TestServer;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
  });

  let count = 0;
  const create = async (version: string, more: Record<string, unknown> = {}): Promise<any> => {
    const target = { name: `with keys ${++count}`, endpoint: "https://example.com/", timeout: "1s", restAsync: {} };
    const { status, body } = await server.request("POST", `/${version}/actions/targets`, { ...target, ...more });
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  };
  const get = async (version: string, id: string, token?: string): Promise<any> =>
    (await server.request("GET", `/${version}/actions/targets/${id}`, undefined, { ...(token && { token }) })).body
      .target;

  for (const version of ["v2beta", "v2"]) {
    describe(`the signing key in ${version}`, () => {
      it("is told on creation and, with the permission for it, on reads", async () => {
        const { id, signingKey } = await create(version);
        assert.match(signingKey, KEY);
        assert.equal((await get(version, id)).signingKey, signingKey);
        const filters = [{ inTargetIdsFilter: { targetIds: [id] } }];
        const search = (token?: string): Promise<JsonAnswer> =>
          server.request("POST", `/${version}/actions/targets/search`, { filters }, { ...(token && { token }) });
        assert.equal((await search()).body.targets[0].signingKey, signingKey);
        const reading = { name: `reader in ${version}`, permissions: ["action.target.read"] };
        const { token } = (await server.request("POST", "/v1/tokens", reading)).body;
        assert.equal((await get(version, id, token)).id, id);
        assert.equal((await get(version, id, token)).signingKey, undefined);
        assert.equal((await search(token)).body.targets[0].signingKey, undefined);
      });

      it("is replaced by an update that gives it no time, and told once more", async () => {
        const { id, signingKey } = await create(version);
        const update = { expirationSigningKey: "0s" };
        const { status, body } = await server.request("POST", `/${version}/actions/targets/${id}`, update);
        assert.equal(status, 200, JSON.stringify(body));
        assert.match(body.signingKey, KEY);
        assert.notEqual(body.signingKey, signingKey);
        const target = await get(version, id);
        assert.deepEqual([target.signingKey, target.changeDate], [body.signingKey, body.changeDate]);
      });

      it("is there for targets that v3alpha made, too", async () => {
        const id = await createTarget(server, { endpoint: "https://example.com/" });
        assert.match((await get(version, id)).signingKey, KEY);
      });
    });
  }

  describe("the payload type in v2", () => {
    it("is JSON unless another one is given, and kept by updates that do not name it", async () => {
      const plain = await create("v2");
      assert.equal((await get("v2", plain.id)).payloadType, "PAYLOAD_TYPE_JSON");
      assert.equal((await get("v2beta", plain.id)).payloadType, undefined);
      for (const payloadType of ["PAYLOAD_TYPE_JWT", "PAYLOAD_TYPE_JWE"]) {
        const { id } = await create("v2", { payloadType });
        assert.equal((await get("v2", id)).payloadType, payloadType);
        await server.request("POST", `/v2/actions/targets/${id}`, { timeout: "2s" });
        await server.request("POST", `/v2beta/actions/targets/${id}`, { timeout: "3s" });
        assert.equal((await get("v2", id)).payloadType, payloadType);
        await server.request("POST", `/v2/actions/targets/${id}`, { payloadType: "PAYLOAD_TYPE_JSON" });
        assert.equal((await get("v2", id)).payloadType, "PAYLOAD_TYPE_JSON");
      }
    });

    it("is refused where there is none of the number", async () => {
      const target = {
        name: "no type",
        endpoint: "https://example.com/",
        timeout: "1s",
        restAsync: {},
        payloadType: 4,
      };
      assertInvalid(await server.request("POST", "/v2/actions/targets", target), [["payload_type", "given: 4"]]);
    });
  });

  describe("public keys in v2", () => {
    const path = (id: string, rest = ""): string => `/v2/actions/targets/${id}/publickeys${rest}`;
    const add = async (id: string, more: Record<string, unknown> = {}): Promise<any> => {
      const { status, body } = await server.request("POST", path(id), { publicKey: base64(PEM), ...more });
      assert.equal(status, 200, JSON.stringify(body));
      return body;
    };
    const list = async (id: string, request: unknown = {}): Promise<any> => {
      const { status, body } = await server.request("POST", path(id, "/search"), request);
      assert.equal(status, 200, JSON.stringify(body));
      return body;
    };

    it("are added, activated, deactivated, removed and listed", async () => {
      const { id } = await create("v2");
      const { keyId, creationDate } = await add(id, { expirationDate: "2100-01-01T00:00:00Z" });
      const { publicKeys, pagination } = await list(id);
      assert.deepEqual(pagination, { totalResult: "1", appliedLimit: "100" });
      const [{ fingerprint, ...key }] = publicKeys;
      assert.match(fingerprint, /^SHA256:[A-Za-z0-9+/]{43}$/);
      assert.equal(Buffer.from(key.publicKey, "base64").toString().trim(), PEM.toString().trim());
      const { publicKey: _, ...dates } = key;
      const expected = { keyId, creationDate, changeDate: creationDate, expirationDate: "2100-01-01T00:00:00Z" };
      assert.deepEqual(dates, expected);

      const activated = await server.request("POST", path(id, `/${keyId}/activate`));
      assert.equal(activated.status, 200, JSON.stringify(activated.body));
      assert.equal((await list(id)).publicKeys[0].active, true);
      assert.deepEqual((await server.request("POST", path(id, `/${keyId}/activate`), {})).body, activated.body);
      const active = await server.request("DELETE", path(id, `/${keyId}`));
      assertRefused(active, { status: 400, code: 9, reason: "PUBLIC_KEY_ACTIVE", says: /active/ });

      const { keyId: second } = await add(id);
      await server.request("POST", path(id, `/${second}/activate`));
      const states = (await list(id)).publicKeys.map(({ keyId: each, active: is }: any) => [each, is]);
      assert.deepEqual(states, [
        [second, true],
        [keyId, undefined],
      ]);
      assert.ok((await server.request("POST", path(id, `/${second}/deactivate`))).body.changeDate);
      assert.ok((await server.request("DELETE", path(id, `/${second}`))).body.deletionDate);
      const again = await server.request("DELETE", path(id, `/${second}`));
      assert.deepEqual([again.status, again.body], [200, {}]);
      assert.equal((await list(id)).publicKeys.length, 1);
    });

    it("are found by each filter, sorted by each column, and in parts", async () => {
      const { id } = await create("v2");
      const late = (await add(id, { expirationDate: "2200-01-01T00:00:00Z" })).keyId;
      const early = (await add(id, { expirationDate: "2100-01-01T00:00:00Z" })).keyId;
      await server.request("POST", path(id, `/${late}/activate`));
      const found = async (request: unknown): Promise<unknown> =>
        ((await list(id, request)).publicKeys ?? []).map(({ keyId }: any) => keyId);
      const at = (method: string, timestamp = "2100-01-01T00:00:00Z"): unknown => ({
        filters: [{ expirationDateFilter: { timestamp, method: `TIMESTAMP_FILTER_METHOD_${method}` } }],
      });
      const cases: readonly (readonly [request: unknown, finds: readonly string[]])[] = [
        [{}, [early, late]],
        [{ pagination: { asc: true } }, [late, early]],
        [{ pagination: { limit: 1, offset: 1 } }, [late]],
        [{ sortingColumn: "PUBLIC_KEY_FIELD_NAME_CREATION_DATE" }, [early, late]],
        [{ sortingColumn: "PUBLIC_KEY_FIELD_NAME_CHANGE_DATE" }, [late, early]],
        [{ sortingColumn: "PUBLIC_KEY_FIELD_NAME_EXPIRATION_DATE" }, [late, early]],
        [{ filters: [{ keyIdsFilter: { ids: [early, "404"] } }] }, [early]],
        [{ filters: [{ keyIdsFilter: {} }] }, []],
        [{ filters: [{ activeFilter: true }] }, [late]],
        [{ filters: [{ activeFilter: false }] }, [early]],
        [at("EQUALS"), [early]],
        [at("AFTER"), [late]],
        [at("AFTER_OR_EQUALS"), [early, late]],
        [at("BEFORE"), []],
        [at("BEFORE_OR_EQUALS"), [early]],
      ];
      for (const [request, finds] of cases) assert.deepEqual(await found(request), finds, JSON.stringify(request));
      const { pagination } = await list(id, { pagination: { offset: 5, limit: 3 } });
      assert.deepEqual(pagination, { totalResult: "2", appliedLimit: "3" });
    });

    it("are refused for what is no key, is expired, or belongs to nobody", async () => {
      const { id } = await create("v2");
      const send = (rest: string, body: unknown): Promise<JsonAnswer> => server.request("POST", path(id, rest), body);
      const invalid = { status: 400, code: 3, reason: "PUBLIC_KEY_INVALID", says: /./ };
      assertRefused(await send("", { publicKey: base64("no key") }), invalid);
      const past = { publicKey: base64(PEM), expirationDate: "2001-01-01T00:00:00Z" };
      assertRefused(await send("", past), invalid);
      assertInvalid(await send("", {}), [["public_key", "[bytes.min_len]"]]);
      const noTarget = { status: 400, code: 9, reason: "TARGET_NOT_FOUND", says: /no target "404"/ };
      assertRefused(await server.request("POST", path("404"), { publicKey: base64(PEM) }), noTarget);
      const noKey = { status: 400, code: 9, reason: "PUBLIC_KEY_NOT_FOUND", says: /no public key "404"/ };
      for (const order of ["activate", "deactivate"]) assertRefused(await send(`/404/${order}`, {}), noKey);
      const limit = { status: 400, code: 3, reason: "BAD_REQUEST", id: "QUERY-4M0fs", says: /at most 1000/ };
      assertRefused(await send("/search", { pagination: { limit: 1001 } }), limit);
      assertInvalid(await send("/search", { filters: [{}] }), [["filters[0].filter", "[required]"]]);
      const id404 = "QUERY-hj5oaniyrz";
      const unlisted = { status: 404, code: 5, reason: "TARGET_NOT_FOUND", id: id404, says: /no target "404"/ };
      assertRefused(await server.request("POST", path("404", "/search"), {}), unlisted);
    });
  });
});
