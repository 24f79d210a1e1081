import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { before, beforeEach, describe, it } from "node:test";
import { promisify } from "node:util";
import { compressionAlgorithms, status, type Client } from "@grpc/grpc-js";
import { createTarget, methodName, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { eventually } from "./harness/eventually.ts";
import { bearer, detailsOf, grpcJsClient, serviceError, unary } from "./harness/grpc-js.ts";
import { http2Request, openHttp2 } from "./harness/raw-http2.ts";
import { ADMIN_TOKEN, startServer, type TestServer } from "./harness/server.ts";
import { assertRefusal } from "./harness/status.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";

const SERVICE = {
  file: "zitadel/action/v3alpha/action_service.proto",
  service: "zitadel.action.v3alpha.ActionService",
};
const LIMIT = 100_000;
/** Calls with it run no executions: the ones that hang are for the calls under test alone. */
const BYPASS = { "interpose-bypass": "true" };
const AUTHORIZED = { authorization: `Bearer ${ADMIN_TOKEN}` };

/** The programs of others that users call the API with. */
describe("clients that others wrote", () => {
  let server: TestServer;
  let hook: TestTarget;
  let target: string;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite, { env: { INTERPOSE_LIMITS_MAX_MESSAGE_BYTES: String(LIMIT) } });
    hook = await startTarget(suite);
    target = await createTarget(server, { endpoint: hook.url, timeout: "60s" });
  });
  beforeEach(() => {
    hook.calls.length = 0;
    hook.reply({});
  });

  describe("@grpc/grpc-js, with our .proto files", () => {
    let client: Client & Readonly<Record<string, any>>;
    before(() => {
      client = grpcJsClient(suite, { ...SERVICE, address: `127.0.0.1:${server.port}` });
    });
    const call = (method: string, request: unknown, options: Parameters<typeof unary>[3] = {}) =>
      unary(client, method, request, { metadata: bearer(ADMIN_TOKEN, BYPASS), ...options });

    it("sets an execution, finds it in the list, and deletes it", async () => {
      const condition = { event: { event: "user.added" } };
      const set = await call("SetExecution", { condition, targets: [{ target }] });
      assert.equal(set.details.sequence, "1");
      const { result } = await call("ListExecutions", {
        queries: [{ inConditionsQuery: { conditions: [condition] } }],
      });
      assert.equal(result.length, 1);
      assert.equal(result[0].Condition.event.event, "user.added");
      assert.deepEqual(
        result[0].targets.map((each: { target: string }) => each.target),
        [target],
      );
      const deleted = await call("DeleteExecution", { condition });
      assert.equal(deleted.details.sequence, "2");
    });

    it("reads code, message and details of an error", async () => {
      const error = await serviceError(
        call("SetExecution", { condition: { event: { event: "a.b" } }, targets: [{ target }, { target: "404" }] }),
      );
      assert.equal(error.code, status.NOT_FOUND);
      assert.match(error.details, /^targets\[1\]: there is no target "404"\..* \(COMMAND-17e8fq1ggk\)$/);
      const { code, message, details } = detailsOf(error);
      assert.deepEqual([code, message], [status.NOT_FOUND, error.details]);
      const { id, message: key } = details.get("zitadel.v1.ErrorDetail");
      assert.deepEqual([id, key], ["COMMAND-17e8fq1ggk", "Errors.Target.NotFound"]);
      assert.equal(details.get("google.rpc.BadRequest").fieldViolations[0].field, "targets[1]");
      const { reason, domain } = details.get("google.rpc.ErrorInfo");
      assert.deepEqual([reason, domain], ["TARGET_NOT_FOUND", "interpose"]);
    });

    it("reads a message with characters beyond ASCII", async () => {
      const error = await serviceError(
        call("SetExecution", { condition: { request: { method: "/größe.Ünder/50%" } }, targets: [{ target }] }),
      );
      assert.equal(error.code, status.NOT_FOUND);
      assert.match(error.details, /"\/größe\.Ünder\/50%"/);
    });

    it("is refused without a token, and told of methods that do not exist", async () => {
      const refused = await serviceError(call("ListTargets", {}, { metadata: bearer("not-the-token") }));
      assert.equal(refused.code, status.UNAUTHENTICATED);
      assert.equal(detailsOf(refused).details.get("google.rpc.ErrorInfo").reason, "UNAUTHENTICATED");
      const nothing = (): Buffer => Buffer.alloc(0);
      const unknown = await serviceError(
        new Promise((resolve, reject) => {
          const path = methodName("NoSuchMethod");
          client.makeUnaryRequest(path, nothing, nothing, {}, bearer(ADMIN_TOKEN), (error, answer) =>
            error ? reject(error) : resolve(answer),
          );
        }),
      );
      assert.equal(unknown.code, status.UNIMPLEMENTED);
      assert.match(unknown.details, /no method \/zitadel\.action\.v3alpha\.ActionService\/NoSuchMethod/);
      assert.equal(detailsOf(unknown).details.get("google.rpc.ErrorInfo").reason, "METHOD_NOT_FOUND");
    });

    it("compresses what it sends, and reads what is compressed", async () => {
      const options = { "grpc.default_compression_algorithm": compressionAlgorithms.gzip };
      const compressing = grpcJsClient(suite, { ...SERVICE, address: `127.0.0.1:${server.port}`, options });
      const metadata = bearer(ADMIN_TOKEN, BYPASS);
      const targetIds = Array.from({ length: 1_000 }, (_, i) => String(i));
      const request = { queries: [{ inTargetIdsQuery: { targetIds: [...targetIds, target] } }] };
      const { result } = await unary(compressing, "ListTargets", request, { metadata });
      assert.equal(result.length, 1);
      // A kilobyte and more comes back compressed.
      const { methods } = await unary(compressing, "ListExecutionMethods", {}, { metadata });
      assert.ok(methods.includes(methodName("ListExecutionMethods")));
    });

    it("is refused a message of more than the limit, compressed or not, and goes on", async () => {
      const options = { "grpc.default_compression_algorithm": compressionAlgorithms.gzip };
      const compressing = grpcJsClient(suite, { ...SERVICE, address: `127.0.0.1:${server.port}`, options });
      const metadata = bearer(ADMIN_TOKEN, BYPASS);
      const large = { queries: [{ targetNameQuery: { targetName: "x".repeat(LIMIT) } }] };
      for (const each of [client, compressing]) {
        const error = await serviceError(unary(each, "ListTargets", large, { metadata }));
        assert.equal(error.code, status.RESOURCE_EXHAUSTED);
        assert.match(error.details, /100000/);
        const { functions } = await unary(each, "ListExecutionFunctions", {}, { metadata });
        assert.ok(functions.length > 0);
      }
    });

    describe("while a target hangs", () => {
      beforeEach(async () => {
        hook.reply("hang");
        await setExecution(server, { request: { method: methodName("ListTargets") } }, [target]);
      });
      const metadata = bearer(ADMIN_TOKEN);

      it("sees its deadline pass, and the target is let go of", async () => {
        const error = await serviceError(call("ListTargets", {}, { metadata, deadline: Date.now() + 300 }));
        assert.equal(error.code, status.DEADLINE_EXCEEDED);
        await eventually("the target's caller is gone", () => hook.calls[0]?.isGone());
      });

      it("cancels a call, and the target is let go of", async () => {
        let cancel: () => void = () => assert.fail("the call did not start");
        const outcome = serviceError(
          call("ListTargets", {}, { metadata, started: (started) => (cancel = () => started.cancel()) }),
        );
        await eventually("the target is called", () => hook.calls.length === 1);
        cancel();
        assert.equal((await outcome).code, status.CANCELLED);
        await eventually("the target's caller is gone", () => hook.calls[0]?.isGone());
      });

      it("is answered with DEADLINE_EXCEEDED by the server itself", async () => {
        // No client of gRPC waits longer than its deadline; this one of HTTP/2 does.
        const session = await openHttp2(suite, server.url);
        const { trailers } = await http2Request(session, "POST", methodName("ListTargets"), {
          headers: { ...AUTHORIZED, "content-type": "application/grpc", te: "trailers", "grpc-timeout": "300m" },
          body: Buffer.alloc(5),
        });
        assert.equal(trailers["grpc-status"], String(status.DEADLINE_EXCEEDED));
        session.close();
      });
    });
  });

  it("serves REST to fetch", async () => {
    const url = `${server.url}/v3alpha/targets/${target}`;
    const found = await fetch(url, { headers: AUTHORIZED });
    assert.equal(found.status, 200);
    assert.equal(((await found.json()) as { target: { targetId: string } }).target.targetId, target);
    const missing = await fetch(`${url}0`, { headers: AUTHORIZED });
    assertRefusal(
      { status: missing.status, headers: missing.headers, body: await missing.json() },
      { status: 404, code: 5, reason: "TARGET_NOT_FOUND", id: "QUERY-hj5oaniyrz", says: /There is no target/ },
    );
  });

  it("serves REST over HTTP/2 without TLS", async () => {
    const session = await openHttp2(suite, server.url);
    const body = JSON.stringify({ condition: { event: { all: true } }, targets: [{ target }] });
    const set = await http2Request(session, "PUT", "/v3alpha/executions", { headers: AUTHORIZED, body });
    assert.equal(set.status, 200);
    assert.equal(JSON.parse(set.bytes.toString()).details.sequence, "1");
    const removed = await http2Request(session, "DELETE", "/v3alpha/executions", {
      headers: AUTHORIZED,
      body: JSON.stringify({ condition: { event: { all: true } } }),
    });
    assert.equal(removed.status, 200);
    const head = await http2Request(session, "HEAD", "/v3alpha/executions/functions", { headers: AUTHORIZED });
    assert.deepEqual([head.status, head.bytes.byteLength], [200, 0]);
    assert.ok(Number(head.headers["content-length"]) > 0);
    session.close();
  });

  describe("curl", { skip: isInstalled("curl") ? false : "there is no curl on this machine" }, () => {
    const curl = async (...args: string[]): Promise<{ readonly status: number; readonly text: string }> => {
      const common = ["--silent", "--show-error", "--max-time", "10", "--write-out", "\n%{http_code}"];
      const { stdout } = await promisify(execFile)("curl", [...common, ...args]);
      const end = stdout.lastIndexOf("\n");
      return { status: Number(stdout.slice(end + 1)), text: stdout.slice(0, end) };
    };
    const authorized = ["--header", `Authorization: Bearer ${ADMIN_TOKEN}`];

    for (const http of ["--http1.1", "--http2", "--http2-prior-knowledge"]) {
      it(`sets and deletes an execution with ${http}`, async () => {
        const path = `${server.url}/v3alpha/executions`;
        const condition = { function: { name: "preuserinfo" } };
        const json = ["--header", "Content-Type: application/json"];
        const set = JSON.stringify({ condition, targets: [{ target }] });
        assert.equal((await curl(http, ...authorized, ...json, "-X", "PUT", path, "-d", set)).status, 200);
        const removed = await curl(
          http,
          ...authorized,
          ...json,
          "-X",
          "DELETE",
          path,
          "-d",
          JSON.stringify({ condition }),
        );
        assert.equal(removed.status, 200);
        assert.match(removed.text, /"details":\{"sequence":"\d+"/);
      });

      it(`is told with ${http} that what it sends is too large`, async () => {
        const name = "x".repeat(LIMIT);
        const refused = await curl(
          http,
          ...authorized,
          `${server.url}/v3alpha/targets`,
          "-d",
          JSON.stringify({ name }),
        );
        assert.equal(refused.status, 413);
        assert.match(refused.text, /larger than 100000 bytes/);
      });
    }

    it("may leave the content type to chance", async () => {
      // With -d alone curl says that it sends a form.
      const { status: code } = await curl(...authorized, `${server.url}/v3alpha/targets/search`, "-d", "{}");
      assert.equal(code, 200);
    });
  });
});

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((directory) => existsSync(join(directory, program)));
}
