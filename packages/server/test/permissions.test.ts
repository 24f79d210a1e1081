import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { Code } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@interpose/protocol/gen/google/rpc/error_details_pb";
import { createTarget } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { actionClient, refusal } from "./harness/clients.ts";
import { assertRefused, metadataOf } from "./harness/refusals.ts";
import { ADMIN_TOKEN, startServer, type TestServer } from "./harness/server.ts";

const PERMISSIONS = [
  "execution.target.read",
  "execution.target.write",
  "execution.target.delete",
  "execution.read",
  "execution.write",
  "execution.delete",
  "execution.bypass",
  "target.egress.write",
  "target.outbound.write",
  "instance.settings.read",
  "instance.outbound.read",
  "instance.outbound.write",
  "action.target.read",
  "action.target.write",
  "action.target.delete",
  "action.target.signing_key.read",
  "action.execution.read",
  "action.execution.write",
  "event.read",
  "event.write",
  "event.publish",
  "function.read",
  "function.write",
  "function.delete",
  "function.invoke",
  "delivery.read",
  "delivery.write",
  "token.read",
  "token.write",
  "token.delete",
];

/** A call that can be made, and the status that it has then. TARGET in a path or a body stands for the id of a target. */
interface Row {
  readonly rpc: string;
  readonly needs: string;
  readonly call: readonly [verb: string, path: string, body?: unknown];
  readonly status: number;
}

const CONDITION = { event: { event: "permissions.test" } };
const NEW_TARGET = { name: "by permission", endpoint: "https://example.com/", timeout: "1s", restAsync: {} };
const CALLS: readonly Row[] = [
  { rpc: "CreateTarget", needs: "execution.target.write", call: ["POST", "/v3alpha/targets", NEW_TARGET], status: 201 },
  { rpc: "UpdateTarget", needs: "execution.target.write", call: ["PUT", "/v3alpha/targets/TARGET", {}], status: 200 },
  { rpc: "DeleteTarget", needs: "execution.target.delete", call: ["DELETE", "/v3alpha/targets/404"], status: 404 },
  { rpc: "ListTargets", needs: "execution.target.read", call: ["POST", "/v3alpha/targets/search", {}], status: 200 },
  { rpc: "GetTargetByID", needs: "execution.target.read", call: ["GET", "/v3alpha/targets/TARGET"], status: 200 },
  {
    rpc: "SetExecution",
    needs: "execution.write",
    call: ["PUT", "/v3alpha/executions", { condition: CONDITION, targets: [{ target: "TARGET" }] }],
    status: 200,
  },
  {
    rpc: "DeleteExecution",
    needs: "execution.delete",
    call: ["DELETE", "/v3alpha/executions", { condition: { event: { event: "never.set" } } }],
    status: 404,
  },
  {
    rpc: "Explain",
    needs: "execution.read",
    call: ["GET", "/v1/explain?kind=EXPLAIN_KIND_EVENT&event=a"],
    status: 200,
  },
  { rpc: "ListCatalog", needs: "execution.read", call: ["GET", "/v1/catalog?query=explain"], status: 200 },
  { rpc: "ListExecutions", needs: "execution.read", call: ["POST", "/v3alpha/executions/search", {}], status: 200 },
  {
    rpc: "ListExecutionFunctions",
    needs: "execution.read",
    call: ["GET", "/v3alpha/executions/functions"],
    status: 200,
  },
  { rpc: "ListExecutionMethods", needs: "execution.read", call: ["GET", "/v3alpha/executions/methods"], status: 200 },
  { rpc: "ListExecutionServices", needs: "execution.read", call: ["GET", "/v3alpha/executions/services"], status: 200 },
  ...["v2beta", "v2"].flatMap(rowsOfNewer),
  ...(
    [
      ["AddPublicKey", "write", 400, "POST", "", { publicKey: "AA==" }],
      ["ActivatePublicKey", "write", 400, "POST", "/404/activate", {}],
      ["DeactivatePublicKey", "write", 400, "POST", "/404/deactivate", {}],
      ["RemovePublicKey", "write", 200, "DELETE", "/404"],
      ["ListPublicKeys", "read", 200, "POST", "/search", {}],
    ] as const
  ).map(([rpc, verb, status, method, rest, body]): Row => ({
    rpc,
    needs: `action.target.${verb}`,
    call: [method, `/v2/actions/targets/TARGET/publickeys${rest}`, body],
    status,
  })),
  {
    rpc: "GetTargetSettings",
    needs: "execution.target.read",
    call: ["GET", "/v1/targets/TARGET/settings"],
    status: 200,
  },
  {
    rpc: "UpdateTargetSettings",
    needs: "execution.target.write",
    call: ["PATCH", "/v1/targets/TARGET/settings", { dialect: "DIALECT_V2" }],
    status: 200,
  },
  {
    rpc: "PublishEvent",
    needs: "event.publish",
    call: ["POST", "/v1/events:publish", { type: "permissions.tested", aggregateId: "1" }],
    status: 200,
  },
  {
    rpc: "PublishEvents",
    needs: "event.publish",
    call: ["POST", "/v1/events:publishBatch", { events: [{ type: "permissions.tested", aggregateId: "1" }] }],
    status: 200,
  },
  { rpc: "GetEvent", needs: "event.read", call: ["GET", "/v1/events/404"], status: 404 },
  { rpc: "ListEvents", needs: "event.read", call: ["GET", "/v1/events"], status: 200 },
  { rpc: "ListEventTypes", needs: "event.read", call: ["GET", "/v1/eventTypes"], status: 200 },
  {
    rpc: "DeclareEventType",
    needs: "event.write",
    call: ["POST", "/v1/eventTypes", { type: "permissions.declared" }],
    status: 200,
  },
  { rpc: "DeleteEventType", needs: "event.write", call: ["DELETE", "/v1/eventTypes/never.known"], status: 404 },
  { rpc: "Invoke", needs: "function.invoke", call: ["POST", "/v1/functions/preuserinfo:invoke", {}], status: 200 },
  { rpc: "GetFunction", needs: "function.read", call: ["GET", "/v1/functions/preuserinfo"], status: 200 },
  { rpc: "ListFunctions", needs: "function.read", call: ["GET", "/v1/functions"], status: 200 },
  {
    rpc: "CreateFunction",
    needs: "function.write",
    call: ["POST", "/v1/functions", { name: "by.permission" }],
    status: 201,
  },
  {
    rpc: "UpdateFunction",
    needs: "function.write",
    call: ["PATCH", "/v1/functions/by.permission", { description: "a" }],
    status: 200,
  },
  { rpc: "DeleteFunction", needs: "function.delete", call: ["DELETE", "/v1/functions/by.permission"], status: 200 },
  {
    rpc: "GetTargetOutbound",
    needs: "execution.target.read",
    call: ["GET", "/v1/targets/TARGET/outbound"],
    status: 200,
  },
  {
    rpc: "UpdateTargetOutbound",
    needs: "execution.target.write",
    call: ["PATCH", "/v1/targets/TARGET/outbound", {}],
    status: 200,
  },
  { rpc: "GetInstanceOutbound", needs: "instance.outbound.read", call: ["GET", "/v1/instance/outbound"], status: 200 },
  {
    rpc: "UpdateInstanceOutbound",
    needs: "instance.outbound.write",
    call: ["PATCH", "/v1/instance/outbound", {}],
    status: 200,
  },
  {
    rpc: "RotateSigningKey",
    needs: "execution.target.write",
    call: ["POST", "/v1/targets/TARGET:rotateSigningKey", {}],
    status: 200,
  },
  {
    rpc: "ListSigningKeys",
    needs: "execution.target.read",
    call: ["GET", "/v1/targets/TARGET/signingKeys"],
    status: 200,
  },
  { rpc: "PauseTarget", needs: "delivery.write", call: ["POST", "/v1/targets/TARGET:pause", {}], status: 200 },
  { rpc: "ResumeTarget", needs: "delivery.write", call: ["POST", "/v1/targets/TARGET:resume", {}], status: 200 },
  { rpc: "GetTargetQueue", needs: "delivery.read", call: ["GET", "/v1/targets/TARGET/queue"], status: 200 },
  { rpc: "CountDeliveries", needs: "delivery.read", call: ["GET", "/v1/deliveries:count"], status: 200 },
  { rpc: "GetSettings", needs: "instance.settings.read", call: ["GET", "/v1/instance/settings"], status: 200 },
  { rpc: "ListDeliveries", needs: "delivery.read", call: ["GET", "/v1/deliveries"], status: 200 },
  { rpc: "GetDelivery", needs: "delivery.read", call: ["GET", "/v1/deliveries/404"], status: 404 },
  // A stream does not end by itself, but for one that is refused.
  { rpc: "WatchDeliveries", needs: "delivery.read", call: ["GET", "/v1/deliveries:watch?aggregateId=1"], status: 400 },
  {
    rpc: "RedeliverDelivery",
    needs: "delivery.write",
    call: ["POST", "/v1/deliveries/404:redeliver", {}],
    status: 404,
  },
  { rpc: "CancelDelivery", needs: "delivery.write", call: ["POST", "/v1/deliveries/404:cancel", {}], status: 404 },
  {
    rpc: "CancelDeliveries",
    needs: "delivery.write",
    call: ["POST", "/v1/deliveries:cancel", { filter: { targetId: "404" } }],
    status: 200,
  },
  {
    rpc: "ReplayDeliveries",
    needs: "delivery.write",
    call: ["POST", "/v1/deliveries:replay", { filter: { targetId: "404" } }],
    status: 200,
  },
  { rpc: "ListTokens", needs: "token.read", call: ["GET", "/v1/tokens"], status: 200 },
  { rpc: "RevokeToken", needs: "token.delete", call: ["POST", "/v1/tokens/404:revoke", {}], status: 404 },
  {
    rpc: "CreateToken",
    needs: "token.write",
    call: ["POST", "/v1/tokens", { name: "by permission", role: "ROLE_NONE" }],
    status: 201,
  },
];

/** The calls of the newer versions of the action API. */
function rowsOfNewer(version: string): readonly Row[] {
  const path = `/${version}/actions`;
  const target = {
    name: `by permission in ${version}`,
    endpoint: "https://example.com/",
    timeout: "1s",
    restAsync: {},
  };
  const execution = { condition: { event: { event: "target.added" } }, targets: ["TARGET"] };
  const rows: readonly (readonly [rpc: string, needs: string, ...Row["call"]])[] = [
    ["CreateTarget", "action.target.write", "POST", `${path}/targets`, target],
    ["UpdateTarget", "action.target.write", "POST", `${path}/targets/TARGET`, {}],
    ["DeleteTarget", "action.target.delete", "DELETE", `${path}/targets/404`],
    ["GetTarget", "action.target.read", "GET", `${path}/targets/TARGET`],
    ["ListTargets", "action.target.read", "POST", `${path}/targets/search`, {}],
    ["SetExecution", "action.execution.write", "PUT", `${path}/executions`, execution],
    ["ListExecutions", "action.execution.read", "POST", `${path}/executions/search`, {}],
  ];
  return rows.map(([rpc, needs, ...call]) => ({ rpc: `${rpc} of ${version}`, needs, call, status: 200 }));
}

describe("permissions", () => {
  let server: TestServer;
  let target: string;
  const tokens = new Map<string, Promise<string>>();
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
    target = await createTarget(server, { endpoint: "https://example.com/" });
  });

  /** A token with exactly these permissions. */
  const tokenWith = (permissions: readonly string[]): Promise<string> => {
    const key = permissions.join();
    const token = tokens.get(key) ?? newToken(permissions);
    tokens.set(key, token);
    return token;
  };
  const newToken = async (permissions: readonly string[]): Promise<string> => {
    const { status, body } = await server.request("POST", "/v1/tokens", { name: "for a call", permissions });
    assert.equal(status, 201, JSON.stringify(body));
    return body.token;
  };
  const allBut = (permission: string): readonly string[] => PERMISSIONS.filter((each) => each !== permission);

  for (const { rpc, needs, call, status } of CALLS) {
    const [verb, path, body] = call;
    const send = (token: string, given: unknown) => {
      const filled = given === undefined ? undefined : JSON.stringify(given).replaceAll("TARGET", target);
      return server.request(verb, path.replace("TARGET", target), filled, { token });
    };

    it(`lets a token with ${needs} alone call ${rpc}`, async () => {
      const answer = await send(await tokenWith([needs]), body);
      assert.equal(answer.status, status, JSON.stringify(answer.body));
    });

    it(`keeps a token with all permissions but ${needs} from calling ${rpc}, before it looks at the request`, async () => {
      const token = await tokenWith(allBut(needs));
      for (const given of body === undefined ? [undefined] : [body, { name: "", targets: [] }]) {
        const answer = await send(token, given);
        const says = new RegExp(`^This needs the permission "${needs.replaceAll(".", "\\.")}"`);
        assertRefused(answer, { status: 403, code: 7, reason: "PERMISSION_DENIED", id: "AUTHZ-AWfge", says });
        assert.deepEqual(metadataOf(answer), { permission: needs });
      }
    });
  }

  for (const version of ["v2beta", "v2"]) {
    it(`are not needed to list what conditions of ${version} can name, but a token is`, async () => {
      for (const list of ["functions", "methods", "services"]) {
        const path = `/${version}/actions/executions/${list}`;
        const { status, body } = await server.request("GET", path, undefined, {
          token: await tokenWith(["token.read"]),
        });
        assert.equal(status, 200, JSON.stringify(body));
        assert.ok(body[list].length > 0);
        assert.equal((await server.request("GET", path, undefined, { token: null })).status, 401);
      }
    });
  }

  const roles: Readonly<Record<string, readonly number[]>> = {
    ADMIN: [200, 200, 200, 200, 200, 200, 200, 200],
    EDITOR: [200, 200, 200, 200, 200, 200, 200, 200],
    VIEWER: [403, 403, 403, 200, 200, 403, 200, 200],
    NONE: [403, 403, 403, 403, 403, 403, 403, 200],
  };
  for (const [role, expected] of Object.entries(roles)) {
    it(`of the role ${role} let call of the newer action APIs what they should`, async () => {
      const { body } = await server.request("POST", "/v1/tokens", { name: role, role: `ROLE_${role}` });
      for (const version of ["v2beta", "v2"]) {
        const calls = rowsOfNewer(version).map(({ call }) => call);
        const statuses: number[] = [];
        for (const [verb, path, given] of [...calls, ["GET", `/${version}/actions/executions/methods`] as const]) {
          const named = given && JSON.stringify(given).replaceAll("TARGET", target).replace("by permission", role);
          const answer = await server.request(verb, path.replace("TARGET", target), named, { token: body.token });
          statuses.push(answer.status);
        }
        assert.deepEqual(statuses, expected, version);
      }
    });
  }

  it("are the same over gRPC", async () => {
    const headers = async (permissions: readonly string[]): Promise<Record<string, string>> => ({
      authorization: `Bearer ${await tokenWith(permissions)}`,
    });
    const allowed = actionClient(server, "gRPC over HTTP/2", await headers(["execution.read"]));
    assert.ok((await allowed.listExecutionServices({})).services.length > 0);
    const refused = actionClient(server, "gRPC over HTTP/2", await headers(allBut("execution.read")));
    const error = await refusal(refused.listExecutionServices({}));
    assert.equal(error.code, Code.PermissionDenied);
    assert.deepEqual(error.findDetails(ErrorInfoSchema)[0]?.metadata, { permission: "execution.read" });
  });

  describe("without a valid Authorization header", () => {
    const form = /^The header Authorization is not of the form "Bearer TOKEN"\.$/;
    const notValid = /^The token is not valid: unknown, expired or revoked\. Ask for a new one\.$/;
    const secret = "A".repeat(43);
    const headers: readonly { name: string; authorization: string | undefined; says: RegExp }[] = [
      { name: "no header", authorization: undefined, says: /^There is no token\. Send the header "Authorization: Be/ },
      { name: "an empty one", authorization: "", says: form },
      { name: "the scheme alone", authorization: "Bearer", says: form },
      { name: "the scheme and spaces", authorization: "Bearer   ", says: form },
      { name: "the token alone", authorization: ADMIN_TOKEN, says: form },
      { name: "no space after the scheme", authorization: `Bearer${ADMIN_TOKEN}`, says: form },
      { name: "another scheme", authorization: `Basic ${btoa(`admin:${ADMIN_TOKEN}`)}`, says: form },
      { name: "two tokens", authorization: `Bearer ${ADMIN_TOKEN} ${ADMIN_TOKEN}`, says: form },
      { name: "two schemes", authorization: `Bearer ${ADMIN_TOKEN}, Basic eA==`, says: form },
      { name: "an unknown token", authorization: "Bearer unknown", says: notValid },
      { name: "the admin token with a letter more", authorization: `Bearer ${ADMIN_TOKEN}x`, says: notValid },
      { name: "the admin token in capitals", authorization: `Bearer ${ADMIN_TOKEN.toUpperCase()}`, says: notValid },
      { name: "a token's form with an id of none", authorization: `Bearer ipt_404_${secret}`, says: notValid },
      { name: "a token's form with no id", authorization: `Bearer ipt__${secret}`, says: notValid },
      { name: "something like a JWT", authorization: "Bearer eyJhbGciOiJub25lIn0.e30.", says: notValid },
    ];
    const paths: readonly { name: string; path: string; rpc?: true }[] = [
      { name: "a path", path: "/v3alpha/executions/services" },
      { name: "a path that there is none of", path: "/v3alpha/nothing" },
      { name: "an RPC over Connect", path: "/zitadel.action.v3alpha.ActionService/ListExecutionServices", rpc: true },
    ];
    for (const { name, authorization, says } of headers) {
      for (const { name: where, path, rpc } of paths) {
        it(`refuses ${name} with 401 and asks for a Bearer token, at ${where}`, async () => {
          const given = authorization === undefined ? {} : { authorization };
          const answer = await server.request(rpc ? "POST" : "GET", path, rpc && {}, { token: null, headers: given });
          assert.equal(answer.status, 401, JSON.stringify(answer.body));
          assert.equal(answer.headers.get("www-authenticate"), "Bearer");
          assert.equal(answer.body.code, rpc ? "unauthenticated" : 16);
          assert.match(answer.body.message, says);
        });
      }
    }

    it("refuses a stored token whose secret is another's", async () => {
      const one = await newToken(["execution.read"]);
      const two = await newToken(["execution.read"]);
      const mixed = one.slice(0, -43) + two.slice(-43);
      const answer = await server.request("GET", "/v3alpha/executions/services", undefined, { token: mixed });
      assertRefused(answer, { status: 401, code: 16, reason: "UNAUTHENTICATED", says: notValid });
    });

    for (const scheme of ["bearer", "BEARER", "Bearer  "]) {
      it(`takes "${scheme}" for the scheme, whose letters may have any case`, async () => {
        const headers = { authorization: `${scheme} ${ADMIN_TOKEN}` };
        const answer = await server.request("GET", "/v3alpha/executions/services", undefined, { token: null, headers });
        assert.equal(answer.status, 200);
      });
    }
  });
});
