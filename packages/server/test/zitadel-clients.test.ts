import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createClientFor, NewAuthorizationBearerInterceptor, timestampDate, toDate } from "@zitadel/client";
import { createServerTransport } from "@zitadel/client/node";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { Code, type Client, type Transport } from "@connectrpc/connect";
import { createAccessTokenInterceptor } from "@zitadel/node/dist/api/interceptors.js";
import { ActionServiceDefinition as V2 } from "@zitadel/node/dist/api/generated/zitadel/action/v2/action_service.js";
import * as v2Query from "@zitadel/node/dist/api/generated/zitadel/action/v2/query.js";
import { ActionServiceDefinition as V2beta } from "@zitadel/node/dist/api/generated/zitadel/action/v2beta/action_service.js";
import { ActionService } from "@zitadel/proto/zitadel/action/v2beta/action_service_pb.js";
import { ExecutionFieldName, ExecutionType, TargetFieldName } from "@zitadel/proto/zitadel/action/v2beta/query_pb.js";
import { TextFilterMethod } from "@zitadel/proto/zitadel/filter/v2beta/filter_pb.js";
import Long from "long";
import { ClientError, createChannel, createClientFactory, Status } from "nice-grpc";
import { cleanUp, forSuite, type Cleanup } from "./harness/cleanup.ts";
import { refusal } from "./harness/clients.ts";
import { ADMIN_TOKEN, startServer, type TestServer } from "./harness/server.ts";

const CONDITION = { conditionType: { case: "function", value: { name: "preuserinfo" } } } as const;

let count = 0;
const newTarget = () => ({
  name: `made by a client ${++count}`,
  endpoint: "https://example.com/hook",
  timeout: { seconds: 10n, nanos: 0 },
  targetType: { case: "restCall", value: { interruptOnError: true } } as const,
});

describe("the clients of ZITADEL, as they are published", () => {
  let server: TestServer;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
  });

  const bearer = NewAuthorizationBearerInterceptor(ADMIN_TOKEN);
  const transports: Readonly<Record<string, () => Transport>> = {
    "gRPC, by its own transport": () => createServerTransport(ADMIN_TOKEN, { baseUrl: server.url }),
    "gRPC-Web": () => createGrpcWebTransport({ baseUrl: server.url, httpVersion: "1.1", interceptors: [bearer] }),
    "Connect with JSON": () =>
      createConnectTransport({ baseUrl: server.url, httpVersion: "1.1", interceptors: [bearer] }),
    "Connect with protobuf": () =>
      createConnectTransport({
        baseUrl: server.url,
        httpVersion: "2",
        useBinaryFormat: true,
        interceptors: [bearer],
      }),
  };
  for (const [name, transport] of Object.entries(transports)) {
    describe(`@zitadel/client for v2beta over ${name}`, () => {
      let client: Client<typeof ActionService>;
      before(() => {
        client = createClientFor(ActionService)(transport());
      });

      it("creates, reads, lists, changes and deletes a target", async () => {
        const given = newTarget();
        const { id, creationDate } = await client.createTarget(given);
        const { target } = await client.getTarget({ id });
        assert.deepEqual([target?.id, target?.name, target?.endpoint], [id, given.name, given.endpoint]);
        assert.deepEqual([target?.timeout?.seconds, target?.creationDate], [10n, creationDate]);
        assert.ok(target?.targetType.case === "restCall" && target.targetType.value.interruptOnError);

        const byName = { targetName: given.name.toUpperCase(), method: TextFilterMethod.EQUALS_IGNORE_CASE };
        const { targets, pagination } = await client.listTargets({
          pagination: { limit: 5, asc: true },
          sortingColumn: TargetFieldName.NAME,
          filters: [
            { filter: { case: "targetNameFilter", value: byName } },
            { filter: { case: "inTargetIdsFilter", value: { targetIds: [id] } } },
          ],
        });
        assert.deepEqual(targets, [target]);
        assert.deepEqual([pagination?.totalResult, pagination?.appliedLimit], [1n, 5n]);

        const { changeDate } = await client.updateTarget({ id, timeout: { seconds: 20n, nanos: 0 } });
        assert.ok((toDate(changeDate) ?? 0) >= (toDate(creationDate) ?? 1));
        assert.equal((await client.getTarget({ id })).target?.timeout?.seconds, 20n);

        assert.ok((await client.deleteTarget({ id })).deletionDate);
        assert.equal((await client.deleteTarget({ id })).deletionDate, undefined);
        assert.equal((await refusal(client.getTarget({ id }))).code, Code.NotFound);
      });

      it("sets, lists and removes an execution", async () => {
        const { id } = await client.createTarget(newTarget());
        const { setDate } = await client.setExecution({ condition: CONDITION, targets: [id] });
        const { executions, pagination } = await client.listExecutions({
          sortingColumn: ExecutionFieldName.CHANGED_DATE,
          filters: [
            { filter: { case: "inConditionsFilter", value: { conditions: [CONDITION] } } },
            { filter: { case: "executionTypeFilter", value: { executionType: ExecutionType.FUNCTION } } },
            { filter: { case: "targetFilter", value: { targetId: id } } },
          ],
        });
        assert.equal(executions.length, 1);
        const [execution] = executions;
        assert.equal(execution?.condition?.conditionType.case, "function");
        assert.deepEqual(execution.targets, [id]);
        assert.deepEqual(execution.changeDate, setDate);
        assert.equal(pagination?.appliedLimit, 100n);
        assert.ok((await client.setExecution({ condition: CONDITION, targets: [] })).setDate);
        assert.equal((await client.listExecutions({})).executions.length, 0);
        assert.equal((await client.setExecution({ condition: CONDITION })).setDate, undefined);
      });

      it("lists what conditions can name", async () => {
        assert.ok((await client.listExecutionFunctions({})).functions.includes("preuserinfo"));
        const method = "/zitadel.action.v2beta.ActionService/SetExecution";
        assert.ok((await client.listExecutionMethods({})).methods.includes(method));
        assert.ok((await client.listExecutionServices({})).services.includes("zitadel.action.v2.ActionService"));
      });

      it("meets the contract's codes", async () => {
        const codes = await Promise.all(
          [
            client.createTarget({ ...newTarget(), timeout: { seconds: 271n, nanos: 0 } }),
            client.listTargets({ pagination: { limit: 1001 } }),
            client.updateTarget({ id: "404" }),
            client.setExecution({ condition: { conditionType: { case: "function", value: { name: "no" } } } }),
          ].map(async (call) => (await refusal(call)).code),
        );
        assert.deepEqual(codes, [Code.InvalidArgument, Code.InvalidArgument, Code.NotFound, Code.NotFound]);
      });
    });
  }

  /** A client of @zitadel/node, which itself makes them of other definitions of its in just this way. */
  const nodeClient = <D extends typeof V2 | typeof V2beta>(t: Cleanup, definition: D) => {
    const channel = createChannel(server.url);
    cleanUp(t, () => channel.close());
    return createClientFactory().use(createAccessTokenInterceptor(ADMIN_TOKEN)).create(definition, channel);
  };
  for (const [version, definition] of Object.entries({ v2: V2, v2beta: V2beta as unknown as typeof V2 })) {
    describe(`@zitadel/node for ${version}`, () => {
      it("calls every RPC that it knows", async (t) => {
        const client = nodeClient(t, definition);
        const name = `made by @zitadel/node for ${version}`;
        const given = { name, endpoint: "https://example.com/", timeout: { seconds: Long.fromNumber(5), nanos: 0 } };
        const { id, creationDate } = await client.createTarget({ ...given, restWebhook: { interruptOnError: true } });
        assert.ok(creationDate instanceof Date);
        const { target } = await client.getTarget({ id });
        assert.deepEqual(
          [target?.name, target?.restWebhook, target?.restCall],
          [name, { interruptOnError: true }, undefined],
        );
        const { targets, pagination } = await client.listTargets({
          pagination: { offset: Long.ZERO, limit: 10, asc: true },
          sortingColumn: v2Query.TargetFieldName.TARGET_FIELD_NAME_CREATED_DATE,
          filters: [{ inTargetIdsFilter: { targetIds: [id] } }],
        });
        assert.deepEqual(targets, [target]);
        assert.deepEqual([pagination?.totalResult.toNumber(), pagination?.appliedLimit.toNumber()], [1, 10]);
        assert.ok((await client.updateTarget({ id, restAsync: {} })).changeDate);
        assert.deepEqual((await client.getTarget({ id })).target?.restAsync, {});

        const condition = { event: { event: "token.revoked" } };
        const { setDate } = await client.setExecution({ condition, targets: [id] });
        const { executions } = await client.listExecutions({ filters: [{ targetFilter: { targetId: id } }] });
        assert.deepEqual(
          executions.map(({ condition: { event } = {}, targets: calls, changeDate }) => [
            event?.event,
            calls,
            changeDate,
          ]),
          [["token.revoked", [id], setDate]],
        );
        assert.ok((await client.setExecution({ condition, targets: [] })).setDate);
        assert.ok((await client.listExecutionFunctions({})).functions.length > 0);
        assert.ok((await client.listExecutionMethods({})).methods.length > 0);
        assert.ok((await client.listExecutionServices({})).services.length > 0);
        assert.ok((await client.deleteTarget({ id })).deletionDate);
        assert.equal((await client.deleteTarget({ id })).deletionDate, undefined);
        await assert.rejects(client.getTarget({ id }), (error) => {
          return error instanceof ClientError && error.code === Status.NOT_FOUND;
        });
      });
    });
  }

  it("read what the others wrote, and v3alpha reads it too", async (t) => {
    const beta = createClientFor(ActionService)(createServerTransport(ADMIN_TOKEN, { baseUrl: server.url }));
    const node = nodeClient(t, V2);
    const { id, creationDate } = await beta.createTarget(newTarget());
    const { target } = await node.getTarget({ id });
    assert.ok(creationDate);
    assert.deepEqual(target?.creationDate, timestampDate(creationDate));
    const condition = { function: { name: "presamlresponse" } };
    await node.setExecution({ condition, targets: [id] });
    const { executions } = await beta.listExecutions({
      filters: [{ filter: { case: "targetFilter", value: { targetId: id } } }],
    });
    assert.deepEqual(executions[0]?.targets, [id]);
    const queries = [{ targetQuery: { targetId: id } }];
    const { body } = await server.request("POST", "/v3alpha/executions/search", { queries });
    assert.deepEqual([body.result[0].Condition, body.result[0].targets], [condition, [{ target: id }]]);
    await node.setExecution({ condition, targets: [] });
  });
});
