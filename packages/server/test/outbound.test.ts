// What targets are sent beside the payload: who says it, where it goes, and that it counts for calls and deliveries, at once.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, describe, it } from "node:test";
import { createTarget, methodName, setExecution } from "./harness/api.ts";
import { createCertificate } from "./harness/certificate.ts";
import { forSuite } from "./harness/cleanup.ts";
import { publish, storeOf } from "./harness/events.ts";
import { eventually } from "./harness/eventually.ts";
import { assertInvalid, assertRefused, metadataOf, violationsOf } from "./harness/refusals.ts";
import { startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";
import { startTokenServer, type TokenServer } from "./harness/token-server.ts";

const ON_LIST = { request: { method: methodName("ListTargets") } };
const CLIENT = { clientId: "interpose", clientSecret: "client-s3cr3t" };

interface Pem {
  readonly certificate: string;
  readonly privateKey: string;
}

describe("outbound settings", () => {
  const suite = forSuite();
  let server: TestServer;
  let hook: TestTarget;
  /** Asks its clients for a certificate, and takes `client` alone. */
  let strict: TestTarget;
  let issuer: TokenServer;
  let client: Pem;
  let stranger: Pem;
  let editor: string;
  let viewer: string;
  before(async () => {
    const [own, first, second] = await Promise.all([
      createCertificate(suite),
      createCertificate(suite),
      createCertificate(suite),
    ]);
    const pem = async ({ ca, keyFile }: typeof own): Promise<Pem> => ({
      certificate: ca,
      privateKey: await readFile(keyFile, "utf8"),
    });
    [client, stranger] = [await pem(first), await pem(second)];
    const { certificate: cert, privateKey: key } = await pem(own);
    server = await startServer(suite, { env: { NODE_EXTRA_CA_CERTS: own.certFile } });
    hook = await startTarget(suite);
    strict = await startTarget(suite, {}, { cert, key, clientCa: client.certificate });
    issuer = await startTokenServer(suite, CLIENT, "granted-");
    editor = await newToken({ role: "ROLE_EDITOR" });
    viewer = await newToken({ role: "ROLE_VIEWER" });
  });

  async function newToken(grants: Record<string, unknown>): Promise<string> {
    const { status, body } = await server.request("POST", "/v1/tokens", { name: "of test", ...grants });
    assert.equal(status, 201, JSON.stringify(body));
    return body.token as string;
  }
  const patch = (path: string, body: unknown, mask = "", token?: string): Promise<JsonAnswer> =>
    server.request(
      "PATCH",
      `${path}${mask === "" ? "" : `?updateMask=${mask}`}`,
      body,
      token === undefined ? {} : { token },
    );
  const ofTarget = (id: string): string => `/v1/targets/${id}/outbound`;
  const INSTANCE = "/v1/instance/outbound";
  const changed = async (answer: Promise<JsonAnswer>): Promise<any> => {
    const { status, body } = await answer;
    assert.equal(status, 200, JSON.stringify(body));
    return body.outbound;
  };
  const read = async (path: string, token?: string): Promise<any> =>
    (await server.request("GET", path, undefined, token === undefined ? {} : { token })).body.outbound;
  const search = (): Promise<JsonAnswer> => server.request("POST", "/v3alpha/targets/search", {});
  /** Headers of the one call that a search makes of a target. */
  async function sentTo(id: string, to = hook): Promise<Readonly<Record<string, unknown>>> {
    await setExecution(server, ON_LIST, [id]);
    to.calls.length = 0;
    const { status, body } = await search();
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(to.calls.length, 1);
    return to.calls[0]?.headers ?? {};
  }
  const end = (): Promise<JsonAnswer> => server.request("DELETE", "/v3alpha/executions", { condition: ON_LIST });
  async function eventsOf(type: string, id: string): Promise<readonly unknown[]> {
    const { body } = await server.request("GET", `/v1/events?aggregateType=${type}&aggregateId=${id}&pageSize=1000`);
    const events: readonly { type: string; payload: unknown }[] = body.events;
    return events.filter((event) => event.type.endsWith("outbound.changed")).map(({ payload }) => payload);
  }

  it("send headers at once, one of which changes without the others, and answer no value", async () => {
    const id = await createTarget(server, { endpoint: hook.url });
    assert.deepEqual(await read(ofTarget(id)), {});
    const both = await changed(patch(ofTarget(id), { headers: { "X-Key": "one", "x-other": "two" } }));
    assert.deepEqual(both, { headers: { "X-Key": "", "x-other": "" } });
    let sent = await sentTo(id);
    assert.deepEqual([sent["x-key"], sent["x-other"]], ["one", "two"]);
    await changed(patch(ofTarget(id), { headers: { "x-key": "three" } }));
    sent = await sentTo(id);
    assert.deepEqual([sent["x-key"], sent["x-other"]], ["three", "two"]);
    // What was read, written back, changes nothing.
    await changed(patch(ofTarget(id), await read(ofTarget(id)), "*"));
    await changed(patch(ofTarget(id), {}, "headers.x-key"));
    sent = await sentTo(id);
    assert.deepEqual([sent["x-key"], sent["x-other"]], [undefined, "two"]);
    await changed(patch(ofTarget(id), { headers: { a: "b", c: "d" } }, "headers.a"));
    assert.deepEqual(await read(ofTarget(id), viewer), { headers: { "x-other": "", a: "" } });
    assert.deepEqual(await changed(patch(ofTarget(id), {}, "*")), {});
    sent = await sentTo(id);
    assert.deepEqual([sent["x-other"], sent.a], [undefined, undefined]);
    assert.deepEqual(await eventsOf("target", id), [
      { changed: ["headers.x-other", "headers.a"] },
      { changed: ["headers.a"] },
      { changed: ["headers.x-key"] },
      { changed: ["headers.x-key"] },
      { changed: ["headers.x-key", "headers.x-other"] },
    ]);
    await end();
  });

  it("send an access token, which is kept between calls, and whose client changes without its secret", async () => {
    const id = await createTarget(server, { endpoint: hook.url });
    const oauth2Client = { tokenUrl: issuer.url, ...CLIENT, scopes: ["hooks"], audience: "them" };
    const shown = await changed(patch(ofTarget(id), { oauth2Client }));
    const { clientSecret: _secret, ...open } = oauth2Client;
    assert.deepEqual(shown, { oauth2Client: open });
    const first = await sentTo(id);
    assert.match(String(first.authorization), /^Bearer granted-\d+$/);
    assert.equal((await sentTo(id)).authorization, first.authorization);
    assert.equal(issuer.asked.at(-1)?.toString(), "grant_type=client_credentials&scope=hooks&audience=them");
    await changed(patch(ofTarget(id), { oauth2Client: { scopes: ["other"] } }, "oauth2Client.scopes"));
    assert.match(String((await sentTo(id)).authorization), /^Bearer granted-\d+$/);
    assert.equal(issuer.asked.at(-1)?.get("scope"), "other");
    const moved = await patch(ofTarget(id), { oauth2Client: { tokenUrl: `${hook.url}token` } });
    assertRefused(moved, { status: 400, code: 3, reason: "TARGET_INVALID", says: /needs the client secret again/ });
    await changed(patch(ofTarget(id), { oauth2Client: { clientSecret: "another" } }));
    const refused = await search();
    assertRefused(refused, {
      status: 503,
      code: 14,
      reason: "TARGET_UNAVAILABLE",
      id: "EXEC-dra6yamk98",
      says: /for want of an access token/,
    });
    assert.deepEqual(await changed(patch(ofTarget(id), {}, "oauth2Client")), {});
    assert.equal((await sentTo(id)).authorization, undefined);
    await end();
  });

  it("show a client certificate to a target that demands one, and say what it is", async () => {
    const id = await createTarget(server, { endpoint: strict.url });
    await setExecution(server, ON_LIST, [id]);
    assert.equal((await search()).status, 503, "without one it lets nobody in");
    const shown = await changed(patch(ofTarget(id), { clientCertificate: client }));
    assert.deepEqual(Object.keys(shown.clientCertificate).sort(), [
      "fingerprintSha256",
      "issuer",
      "notAfter",
      "subject",
    ]);
    assert.equal(shown.clientCertificate.subject, "CN=localhost");
    await sentTo(id, strict);
    // One half of another pair does not go with what is there.
    const half = await patch(ofTarget(id), { clientCertificate: { certificate: stranger.certificate } });
    assertRefused(half, { status: 400, code: 3, reason: "TARGET_INVALID", says: /belongs to another certificate/ });
    assert.deepEqual(
      violationsOf(half).map(({ field }) => field),
      ["outbound.client_certificate.private_key"],
    );
    await changed(patch(ofTarget(id), { clientCertificate: stranger }));
    assert.equal((await search()).status, 503, "another one is not let in, and no connection of before is used");
    await changed(patch(ofTarget(id), {}, "clientCertificate"));
    await end();
  });

  it("go along with deliveries, and stand in no record of them", async () => {
    const id = await createTarget(server, { endpoint: `${strict.url}told`, type: "restAsync" });
    const oauth2Client = { tokenUrl: issuer.url, ...CLIENT };
    await changed(patch(ofTarget(id), { headers: { "X-Key": "told" }, oauth2Client, clientCertificate: client }));
    await setExecution(server, { event: { event: "outbound.told" } }, [id]);
    strict.calls.length = 0;
    await publish(server, { type: "outbound.told", aggregateId: "1", payload: {} });
    const call = await eventually("the delivery", () => strict.calls[0]);
    assert.equal(call.headers["x-key"], "told");
    assert.match(String(call.headers.authorization), /^Bearer granted-\d+$/);
    const attempt = await eventually("its record", async () => {
      const { body } = await server.request("GET", `/v1/deliveries?targetId=${id}`);
      const [{ id: delivery }] = body.deliveries;
      return (await server.request("GET", `/v1/deliveries/${delivery}`)).body.attempts?.[0];
    });
    const { authorization, "x-key": key } = attempt.requestHeaders;
    assert.deepEqual([authorization, key], ["(hidden)", "(hidden)"]);
  });

  it("of the instance go to targets at their origins alone, behind a target's own, and not to those that opt out", async () => {
    const [mine, same, elsewhere] = [
      await createTarget(server, { endpoint: hook.url }),
      await createTarget(server, { endpoint: `${hook.url}other` }),
      await createTarget(server, { endpoint: hook.url.replace("127.0.0.1", "localhost") }),
    ];
    const { origin } = new URL(hook.url);
    const oauth2Client = { tokenUrl: issuer.url, ...CLIENT };
    const nowhere = await patch(INSTANCE, { headers: { "X-Shared": "shared" } });
    assertRefused(nowhere, {
      status: 400,
      code: 3,
      reason: "TARGET_INVALID",
      says: /outbound\.origins: There are none/,
    });
    const given = { origins: [`${origin}/`], headers: { "X-Shared": "shared", "X-Key": "shared" }, oauth2Client };
    assert.deepEqual(await changed(patch(INSTANCE, given)), {
      origins: [origin],
      headers: { "X-Shared": "", "X-Key": "" },
      oauth2Client: { tokenUrl: issuer.url, clientId: CLIENT.clientId },
    });
    await changed(patch(ofTarget(mine), { headers: { "x-key": "own", authorization: "own" } }));
    const pick = ({ "x-shared": shared, "x-key": key, authorization }: Readonly<Record<string, unknown>>): unknown => [
      shared,
      key,
      String(authorization).replace(/\d+$/, ""),
    ];
    assert.deepEqual(pick(await sentTo(mine)), ["shared", "own", "Bearer granted-"]);
    assert.deepEqual(pick(await sentTo(same)), ["shared", "shared", "Bearer granted-"]);
    assert.deepEqual(pick(await sentTo(elsewhere)), [undefined, undefined, "undefined"]);
    assert.equal((await changed(patch(ofTarget(mine), { ignoresInstance: true }))).ignoresInstance, true);
    assert.deepEqual(pick(await sentTo(mine)), [undefined, "own", "own"]);
    await changed(patch(ofTarget(mine), { ignoresInstance: false }));
    assert.deepEqual(pick(await sentTo(mine)), ["shared", "own", "Bearer granted-"]);
    await changed(patch(INSTANCE, {}, "headers.x-shared,oauth2Client"));
    assert.deepEqual(pick(await sentTo(same)), [undefined, "shared", "undefined"]);
    const emptied = await patch(INSTANCE, {}, "origins");
    assertRefused(emptied, { status: 400, code: 3, reason: "TARGET_INVALID", says: /There are none/ });
    assert.deepEqual(await changed(patch(INSTANCE, {}, "*")), {});
    assert.deepEqual(pick(await sentTo(same)), [undefined, undefined, "undefined"]);
    const [{ aggregateId }] = (await server.request("GET", "/v1/events?aggregateType=instance_outbound")).body.events;
    const events = await eventsOf("instance_outbound", aggregateId);
    assert.deepEqual(events[0], { changed: ["headers.x-key", "origins"] });
    assert.equal(events.length, 3);
    await end();
  });

  it("of the instance are for admins, and for nobody who edits targets", async () => {
    for (const [token, permission] of [
      [editor, "instance.outbound.write"],
      [viewer, "instance.outbound.write"],
    ] as const) {
      const refused = await patch(INSTANCE, { origins: ["https://evil.example"] }, "", token);
      assert.equal(refused.status, 403, JSON.stringify(refused.body));
      assert.deepEqual(metadataOf(refused), { permission });
    }
    assert.equal((await server.request("GET", INSTANCE, undefined, { token: editor })).status, 403);
    const { body } = await server.request("GET", "/v1/events?aggregateType=instance_outbound", undefined, {
      token: editor,
    });
    assert.deepEqual(body.events ?? [], [], "nor are their events");
  });

  it("keep the endpoint of a target for those who may say where secrets go, until they are taken away", async () => {
    const id = await createTarget(server, { endpoint: hook.url });
    const put = (path: string, body: unknown, token?: string): Promise<JsonAnswer> =>
      server.request(path.startsWith("/v2") ? "POST" : "PUT", path, body, token === undefined ? {} : { token });
    assert.equal((await put(`/v3alpha/targets/${id}`, { endpoint: `${hook.url}a` }, editor)).status, 200);
    await changed(patch(ofTarget(id), { headers: { "X-Key": "of somebody else" } }, "", editor));
    for (const path of [`/v3alpha/targets/${id}`, `/v2beta/actions/targets/${id}`, `/v2/actions/targets/${id}`]) {
      const refused = await put(path, { endpoint: "https://evil.example/" }, editor);
      const says = /needs the permission "target\.outbound\.write"/;
      assertRefused(refused, { status: 403, code: 7, reason: "PERMISSION_DENIED", id: "AUTHZ-AWfge", says });
      assert.equal(
        (await put(path, { endpoint: `${hook.url}a`, timeout: "3s" }, editor)).status,
        200,
        "it is the same",
      );
    }
    assert.equal((await put(`/v3alpha/targets/${id}`, { endpoint: `${hook.url}b` })).status, 200, "admins may");
    await changed(patch(ofTarget(id), {}, "*", editor));
    assert.equal((await put(`/v3alpha/targets/${id}`, { endpoint: `${hook.url}c` }, editor)).status, 200);
  });

  it("go to no endpoint of before, which a run still calls that began when the target was there", async (t) => {
    const before = await startTarget(t);
    let release = (): void => undefined;
    const slow = await startTarget(t, async () => {
      await new Promise<void>((resolve) => (release = resolve));
      return {};
    });
    const first = await createTarget(server, { endpoint: slow.url });
    await changed(patch(INSTANCE, { origins: [new URL(hook.url).origin], headers: { "X-Shared": "shared" } }));
    for (const own of [undefined, { headers: { "X-Key": "own" } }]) {
      const id = await createTarget(server, { endpoint: before.url });
      await setExecution(server, ON_LIST, [first, id]);
      slow.calls.length = 0;
      const running = search();
      await eventually("the run is on its way", () => slow.calls.length > 0);
      const moved = await server.request("PUT", `/v3alpha/targets/${id}`, { endpoint: hook.url }, { token: editor });
      assert.equal(moved.status, 200);
      if (own) await changed(patch(ofTarget(id), own));
      release();
      assert.equal((await running).status, own ? 500 : 200);
      assert.equal(before.calls.length, 1, "where there is something of its own, it is not called");
      assert.equal(before.calls[0]?.headers["x-shared"], undefined);
    }
    await changed(patch(INSTANCE, {}, "*"));
    await end();
  });

  it("are refused with what is wrong with them, and no value", async () => {
    const id = await createTarget(server, { endpoint: hook.url });
    for (const [body, field, says] of [
      [{ headers: { "Content-Type": "s3cr3t" } }, "outbound.headers", /Interpose's own/],
      [{ headers: { "X-Key": "s3cr3t\n" } }, "outbound.headers", /"X-Key" has a value that no header can have/],
      [{ oauth2Client: { tokenUrl: "s3cr3t" } }, "outbound.oauth2_client.token_url", /not an absolute URL/],
      [
        { clientCertificate: { certificate: "s3cr3t", privateKey: "s3cr3t" } },
        "outbound.client_certificate.certificate",
        /PEM blocks/,
      ],
    ] as const) {
      const refused = await patch(ofTarget(id), body);
      assertRefused(refused, { status: 400, code: 3, reason: "TARGET_INVALID", says });
      assert.deepEqual(
        violationsOf(refused).map((violation) => violation.field),
        [field],
      );
      assert.equal(JSON.stringify(refused.body).includes("s3cr3t"), false);
    }
    const unknown = await patch(ofTarget(id), {}, "headers,origins");
    assertRefused(unknown, { status: 400, code: 3, reason: "BAD_REQUEST", says: /there is no setting "origins"/ });
    assertInvalid(await patch(INSTANCE, { origins: Array(51).fill("https://a.corp") }), [["outbound.origins"]]);
    const missing = await patch(ofTarget("404"), { headers: { a: "b" } });
    assertRefused(missing, { status: 404, code: 5, reason: "TARGET_NOT_FOUND", says: /no target "404"/ });
    assert.equal((await server.request("GET", ofTarget("404"))).status, 404);
    assert.deepEqual(await read(ofTarget(id)), {});
  });

  it("fail calls where they cannot be opened, and can be replaced as a whole", async () => {
    const id = await createTarget(server, { endpoint: hook.url });
    const donor = await createTarget(server, { endpoint: hook.url });
    await changed(patch(ofTarget(donor), { headers: { "X-Key": "of another" } }));
    const database = await storeOf(suite, server);
    await database.query({
      text: `update interpose.targets t set sealed_outbound = d.sealed_outbound from interpose.targets d where t.id = $1 and d.id = $2`,
      values: [id, donor],
    });
    // Anything that loads the target anew.
    await server.request("PATCH", `/v1/targets/${id}/settings`, { dialect: "DIALECT_V2" });
    await setExecution(server, ON_LIST, [id]);
    hook.calls.length = 0;
    assertRefused(await search(), {
      status: 500,
      code: 13,
      reason: "TARGET_FAILED",
      id: "EXEC-2n8fhs7g",
      says: /cannot be sent a message/,
    });
    assert.equal(hook.calls.length, 0);
    assert.match(server.stderr(), /"event":"keys\.unreadable","targetId":"\d+","keyId":"outbound"/);
    const refusal = {
      status: 400,
      code: 9,
      reason: "OUTBOUND_UNREADABLE",
      says: /belongs to another place.*mask "\*"/,
    };
    assertRefused(await server.request("GET", ofTarget(id)), refusal);
    assertRefused(await patch(ofTarget(id), { headers: { a: "b" } }), refusal);
    await changed(patch(ofTarget(id), { headers: { "X-Key": "new" } }, "*"));
    assert.equal((await sentTo(id))["x-key"], "new");
    await end();
  });
});
