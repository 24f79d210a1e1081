import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { connect, type IncomingHttpHeaders } from "node:http2";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { ErrorDetailSchema } from "@interpose/protocol/gen/zitadel/v1/error_detail_pb";
import { ErrorInfoSchema } from "@interpose/protocol/gen/google/rpc/error_details_pb";
import {
  SetExecutionRequestSchema,
  SetExecutionResponseSchema,
} from "@interpose/protocol/gen/zitadel/action/v3alpha/action_service_pb";
import { cleanUp, forSuite } from "./harness/cleanup.ts";
import { createTarget, methodName, setExecution } from "./harness/api.ts";
import { actionClient, refusal, TRANSPORTS, type TransportName } from "./harness/clients.ts";
import { ADMIN_TOKEN, startServer, type TestServer } from "./harness/server.ts";

const CONDITION = { request: { method: methodName("ListTargets") } };

describe("PUT /v3alpha/executions", () => {
  let server: TestServer;
  let target: string;
  let other: string;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
    target = await createTarget(server, { endpoint: "https://example.com/hook" });
    other = await createTarget(server, { endpoint: "https://example.com/other" });
  });

  const put = (body: unknown, token?: string | null) =>
    server.request("PUT", "/v3alpha/executions", body, {
      ...(token !== undefined && { token }),
      headers: { "interpose-bypass": "true" },
    });

  it("answers 200 with details, as the documentation of the call shows it", async () => {
    const { status, body } = await put({
      condition: { response: { service: "grpc.health.v1.Health" } },
      targets: [{ target }],
    });
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(body), ["details"]);
    assert.equal(body.details.sequence, "1");
    assert.match(body.details.changeDate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    assert.match(body.details.resourceOwner, /^\d{17,19}$/);
  });

  it("counts the sequence up when the list changes, and adds no event when it does not", async () => {
    const condition = { function: { name: "preuserinfo" } };
    const first = await setExecution(server, condition, [target]);
    const same = await setExecution(server, condition, [target]);
    const changed = await setExecution(server, condition, [other, target]);
    assert.deepEqual(same, first);
    assert.equal(first.sequence, "1");
    assert.equal(changed.sequence, "2");
    assert.ok(Date.parse(changed.changeDate) >= Date.parse(first.changeDate));
  });

  it("shows the execution in the list at once, with the condition under its capital key", async () => {
    const details = await setExecution(server, { event: { group: "user.human" } }, [
      target,
      { include: { function: { name: "preuserinfo" } } },
    ]);
    const { body } = await server.request("POST", "/v3alpha/executions/search", {
      queries: [{ inConditionsQuery: { conditions: [{ event: { group: "user.human" } }] } }],
    });
    assert.deepEqual(body.result, [
      {
        Condition: { event: { group: "user.human" } },
        details,
        targets: [{ target }, { include: { function: { name: "preuserinfo" } } }],
      },
    ]);
    assert.equal(body.details.totalResult, "1");
  });

  const refused: readonly {
    name: string;
    body: unknown;
    status: number;
    code: number;
    id: string | undefined;
    says: RegExp;
  }[] = [
    {
      name: "no condition",
      body: { targets: [{ target: "1" }] },
      status: 400,
      code: 3,
      id: undefined,
      says: /condition/,
    },
    {
      name: "a condition without a kind",
      body: { condition: {} },
      status: 400,
      code: 3,
      id: undefined,
      says: /condition/,
    },
    {
      name: "a request without a scope",
      body: { condition: { request: {} } },
      status: 400,
      code: 3,
      id: "COMMAND-3tkej630e6",
      says: /method, a service, or all/,
    },
    {
      name: "all: false",
      body: { condition: { response: { all: false } } },
      status: 400,
      code: 3,
      id: "COMMAND-3tkej630e6",
      says: /all: true/,
    },
    {
      name: "an event without a name",
      body: { condition: { event: {} } },
      status: 400,
      code: 3,
      id: "COMMAND-w5smb6v7qu",
      says: /event, a group/,
    },
    {
      name: "an empty method",
      body: { condition: { request: { method: "" } } },
      status: 400,
      code: 3,
      id: undefined,
      says: /method/,
    },
    {
      name: "a method of 1001 characters",
      body: { condition: { request: { method: "/".padEnd(1001, "a") } } },
      status: 400,
      code: 3,
      id: undefined,
      says: /1000/,
    },
    {
      name: "an unknown method",
      body: { condition: { request: { method: "/a.B/C" } } },
      status: 404,
      code: 5,
      id: "COMMAND-vysplsevt8",
      says: /"\/a\.B\/C"/,
    },
    {
      name: "a method without its slash",
      body: { condition: { request: { method: "a.B/C" } } },
      status: 404,
      code: 5,
      id: "COMMAND-vysplsevt8",
      says: /\/package\.Service\/Method/,
    },
    {
      name: "an unknown service",
      body: { condition: { response: { service: "a.B" } } },
      status: 404,
      code: 5,
      id: "COMMAND-qu6dfhiioq",
      says: /"a\.B"/,
    },
    {
      name: "an unknown function",
      body: { condition: { function: { name: "nope" } } },
      status: 404,
      code: 5,
      id: "COMMAND-cdy39t0ksr",
      says: /"nope"/,
    },
    {
      name: "no targets",
      body: { condition: CONDITION, targets: [] },
      status: 400,
      code: 3,
      id: "COMMAND-56bteot2uj",
      says: /empty/,
    },
    {
      name: "an empty entry",
      body: { condition: CONDITION, targets: [{}] },
      status: 400,
      code: 3,
      id: "COMMAND-hdm4zl1hmd",
      says: /targets\[0\]/,
    },
    {
      name: "an unknown target",
      body: { condition: CONDITION, targets: [{ target: "404" }] },
      status: 404,
      code: 5,
      id: "COMMAND-17e8fq1ggk",
      says: /targets\[0\].*"404"/,
    },
    {
      name: "an unknown include",
      body: { condition: CONDITION, targets: [{ include: { event: { event: "never.set" } } }] },
      status: 404,
      code: 5,
      id: "COMMAND-slgj0l4cdz",
      says: /event\/never\.set/,
    },
    {
      name: "an invalid include",
      body: { condition: CONDITION, targets: [{ include: { request: {} } }] },
      status: 400,
      code: 3,
      id: "COMMAND-3tkej630e6",
      says: /targets\[0\]\.include/,
    },
  ];
  for (const { name, body, status, code, id, says } of refused) {
    it(`refuses ${name} with ${status}`, async () => {
      const answer = await put(body);
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      assert.equal(answer.body.code, code);
      assert.match(answer.body.message, says);
      const detail = answer.body.details.find(
        (each: { "@type": string }) => each["@type"] === "type.googleapis.com/zitadel.v1.ErrorDetail",
      );
      assert.equal(detail?.id, id);
      if (id) assert.ok(answer.body.message.endsWith(`(${id})`), answer.body.message);
      const info = answer.body.details.find(
        (each: { "@type": string }) => each["@type"] === "type.googleapis.com/google.rpc.ErrorInfo",
      );
      assert.match(info.reason, /^[A-Z_]+$/);
    });
  }

  it("refuses a target that is named twice, and says where", async () => {
    const answer = await put({ condition: CONDITION, targets: [{ target }, { target: other }, { target }] });
    assert.equal(answer.status, 400);
    assert.match(answer.body.message, /targets\[2\]/);
    assert.ok(
      answer.body.details.some(
        (each: { fieldViolations?: { field: string }[] }) => each.fieldViolations?.[0]?.field === "targets[2]",
      ),
    );
  });

  it("refuses cycles and chains of more than three, also for executions that include the one that is set", async () => {
    const event = (name: string) => ({ event: { event: name } });
    await setExecution(server, event("c"), [target]);
    await setExecution(server, event("b"), [{ include: event("c") }]);
    await setExecution(server, event("a"), [{ include: event("b") }]);
    const tooDeep = await put({ condition: event("top"), targets: [{ include: event("a") }] });
    assert.equal(tooDeep.body.details[0].id, "COMMAND-gbhd3g57oo");
    await setExecution(server, event("d"), [target]);
    const pushes = await put({ condition: event("c"), targets: [{ include: event("d") }] });
    assert.equal(pushes.status, 400);
    assert.match(pushes.body.message, /event\/a/);
    const circular = await put({ condition: event("c"), targets: [{ include: event("b") }] });
    assert.deepEqual([circular.status, circular.body.code], [400, 9]);
    const itself = await put({ condition: event("c"), targets: [{ include: event("c") }] });
    assert.equal(itself.body.details[0].id, "COMMAND-mo1cmjp5k7");
  });

  it("refuses a caller without a token with 401, and one without the permission with 403", async () => {
    const none = await put({ condition: CONDITION, targets: [{ target }] }, null);
    assert.equal(none.status, 401);
    assert.equal(none.body.code, 16);
    const { body } = await server.request("POST", "/v1/tokens", { name: "viewer", role: "ROLE_VIEWER" });
    const viewer = await server.request(
      "PUT",
      "/v3alpha/executions",
      { condition: CONDITION, targets: [{ target }] },
      { token: body.token },
    );
    assert.equal(viewer.status, 403);
    assert.equal(viewer.body.code, 7);
    assert.match(viewer.body.message, /execution\.write/);
  });

  describe("at its own path, with the media types that its documentation lists", () => {
    const message = (event: string): Uint8Array =>
      toBinary(
        SetExecutionRequestSchema,
        create(SetExecutionRequestSchema, {
          condition: {
            conditionType: { case: "event", value: { condition: { case: "event", value: event } } },
          },
          targets: [{ type: { case: "target", value: target } }],
        }),
      );
    /** A message with the prefix that gRPC gives it. */
    const framed = (bytes: Uint8Array): Buffer => {
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(bytes.byteLength, 1);
      return Buffer.concat([prefix, bytes]);
    };
    const read = (body: Buffer) =>
      fromBinary(SetExecutionResponseSchema, body.subarray(5, 5 + body.readUInt32BE(1))).details;

    it("application/grpc-web+proto", async () => {
      const response = await fetch(`${server.url}/v3alpha/executions`, {
        method: "PUT",
        headers: { "content-type": "application/grpc-web+proto", authorization: `Bearer ${ADMIN_TOKEN}` },
        body: framed(message("web.at.path")),
      });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-type"), "application/grpc-web+proto");
      assert.equal(read(Buffer.from(await response.arrayBuffer()))?.sequence, 1n);
    });

    it("application/grpc", async (t) => {
      const session = connect(server.url);
      cleanUp(t, () => session.close());
      const stream = session.request({
        ":method": "PUT",
        ":path": "/v3alpha/executions",
        "content-type": "application/grpc",
        te: "trailers",
        authorization: `Bearer ${ADMIN_TOKEN}`,
      });
      stream.end(framed(message("grpc.at.path")));
      let trailers: IncomingHttpHeaders = {};
      stream.on("trailers", (given) => (trailers = given));
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      assert.equal(trailers["grpc-status"], "0");
      assert.equal(read(Buffer.concat(chunks))?.sequence, 1n);
    });

    it("refuses it in gRPC where a path has a part of the message", async () => {
      const response = await fetch(`${server.url}/v3alpha/targets/${target}`, {
        method: "PUT",
        headers: { "content-type": "application/grpc-web+proto", authorization: `Bearer ${ADMIN_TOKEN}` },
        body: framed(new Uint8Array()),
      });
      assert.equal(response.headers.get("grpc-status"), "12");
    });
  });

  for (const transport of Object.keys(TRANSPORTS) as TransportName[]) {
    describe(`over ${transport}`, () => {
      it("sets, lists and deletes", async () => {
        const client = actionClient(server, transport, {
          authorization: `Bearer an-admin-token-for-tests-only`,
          "interpose-bypass": "true",
        });
        const condition = {
          conditionType: {
            case: "event",
            value: { condition: { case: "event", value: `over.${transport}`.replaceAll("/", "-") } },
          },
        } as const;
        const { details } = await client.setExecution({
          condition,
          targets: [{ type: { case: "target", value: target } }],
        });
        assert.equal(details?.sequence, 1n);
        const listed = await client.listExecutions({
          queries: [{ query: { case: "inConditionsQuery", value: { conditions: [condition] } } }],
        });
        assert.deepEqual(listed.result[0]?.details, details);
        const deleted = await client.deleteExecution({ condition });
        assert.equal(deleted.details?.sequence, 2n);
      });

      it("carries the details of an error", async () => {
        const client = actionClient(server, transport, {
          authorization: `Bearer an-admin-token-for-tests-only`,
          "interpose-bypass": "true",
        });
        const error = await refusal(
          client.setExecution({
            condition: {
              conditionType: { case: "request", value: { condition: { case: "method", value: "/a.B/C" } } },
            },
            targets: [{ type: { case: "target", value: target } }],
          }),
        );
        assert.equal(error.code, Code.NotFound);
        assert.equal(error.findDetails(ErrorDetailSchema)[0]?.id, "COMMAND-vysplsevt8");
        assert.equal(error.findDetails(ErrorInfoSchema)[0]?.reason, "CONDITION_UNKNOWN");
      });

      it("refuses an unknown caller", async () => {
        const error = await refusal(actionClient(server, transport, {}).listExecutions({}));
        assert.equal(error.code, Code.Unauthenticated);
      });
    });
  }
});
