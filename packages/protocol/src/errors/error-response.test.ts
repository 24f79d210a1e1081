import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import { createClient, ConnectError, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { InterposeError, ERROR_REASONS, type RpcCode } from "@interpose/engine";
import { BadRequestSchema, ErrorInfoSchema } from "../gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "../gen/google/rpc/status_pb.js";
import { ErrorDetailSchema } from "../gen/zitadel/v1/error_detail_pb.js";
import { ActionService } from "../gen/zitadel/action/v3alpha/action_service_pb.js";
import { CODE_NUMBERS } from "./details.ts";
import { errorResponse } from "./error-response.ts";
import { httpStatus } from "./http-status.ts";
import { protocolOfRequest, type WireProtocol } from "./wire-protocol.ts";

const ERROR = new InterposeError("target_not_found", 'There is no target "ü%1".', {
  id: "COMMAND-1",
  key: "Errors.Target.NotFound",
  violations: [{ field: "target_id", description: "is unknown" }],
  metadata: { a: "b" },
  cause: new Error("secret cause"),
});

/** The error that a client of others' making reads out of our refusal. */
async function readBy(
  protocol: WireProtocol,
  transport: (fetch: typeof globalThis.fetch) => Transport,
  contentType: string,
): Promise<ConnectError> {
  const answer = errorResponse(protocol, ERROR, { contentType });
  const fetch = (): Promise<Response> =>
    Promise.resolve(
      new Response(answer.body ? Buffer.from(answer.body) : undefined, {
        status: answer.status,
        headers: answer.headers,
      }),
    );
  const failure: unknown = await createClient(ActionService, transport(fetch))
    .listTargets({})
    .catch((error: unknown) => error);
  assert.ok(failure instanceof ConnectError, String(failure));
  return failure;
}

describe("errorResponse()", () => {
  const clients: readonly {
    protocol: WireProtocol;
    contentType: string;
    transport: (fetch: typeof globalThis.fetch) => Transport;
  }[] = [
    {
      protocol: "grpc-web",
      contentType: "application/grpc-web+proto",
      transport: (fetch) => createGrpcWebTransport({ baseUrl: "http://x", fetch }),
    },
    {
      protocol: "connect-unary",
      contentType: "application/json",
      transport: (fetch) => createConnectTransport({ baseUrl: "http://x", fetch }),
    },
  ];
  for (const { protocol, contentType, transport } of clients) {
    it(`is understood by a client of ${protocol}`, async () => {
      const error = await readBy(protocol, transport, contentType);
      assert.equal(error.code, CODE_NUMBERS.not_found);
      assert.equal(error.rawMessage, 'There is no target "ü%1". (COMMAND-1)');
      assert.deepEqual(
        error.findDetails(ErrorDetailSchema).map(({ id, message }) => [id, message]),
        [["COMMAND-1", "Errors.Target.NotFound"]],
      );
      assert.equal(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field, "target_id");
      assert.deepEqual(
        error.findDetails(ErrorInfoSchema).map(({ reason, domain, metadata }) => [reason, domain, metadata]),
        [["TARGET_NOT_FOUND", "interpose", { a: "b" }]],
      );
    });
  }

  it("writes gRPC's refusal into the headers alone", () => {
    const { status, headers, body } = errorResponse("grpc", ERROR, { contentType: "application/grpc+proto" });
    assert.deepEqual(
      [status, body, headers["content-type"], headers["grpc-status"]],
      [200, undefined, "application/grpc+proto", "5"],
    );
    assert.equal(headers["grpc-message"], 'There is no target "%C3%BC%251". (COMMAND-1)');
    const details = fromBinary(StatusSchema, Buffer.from(headers["grpc-status-details-bin"] ?? "", "base64"));
    assert.equal(details.details.length, 3);
  });

  it("writes REST's as google.rpc.Status", () => {
    const { status, body } = errorResponse("rest", ERROR);
    assert.equal(status, 404);
    assert.deepEqual(JSON.parse(new TextDecoder().decode(body)), {
      code: 5,
      message: 'There is no target "ü%1". (COMMAND-1)',
      details: [
        { "@type": "type.googleapis.com/zitadel.v1.ErrorDetail", id: "COMMAND-1", message: "Errors.Target.NotFound" },
        {
          "@type": "type.googleapis.com/google.rpc.BadRequest",
          fieldViolations: [{ field: "target_id", description: "is unknown" }],
        },
        {
          "@type": "type.googleapis.com/google.rpc.ErrorInfo",
          reason: "TARGET_NOT_FOUND",
          domain: "interpose",
          metadata: { a: "b" },
        },
      ],
    });
  });

  it("ends a Connect stream with the error", () => {
    const { status, body } = errorResponse("connect-stream", ERROR);
    assert.equal(status, 200);
    assert.equal(body?.[0], 2);
    const ended = JSON.parse(new TextDecoder().decode(body.subarray(5))) as { error: { code: string } };
    assert.equal(ended.error.code, "not_found");
  });

  for (const protocol of ["grpc", "grpc-web", "connect-unary", "connect-stream", "rest"] as const) {
    it(`tells nothing of a fault of our own, in ${protocol}`, () => {
      for (const error of [new Error("secret"), "secret", ERROR]) {
        const { headers, body } = errorResponse(protocol, error);
        assert.ok(!`${JSON.stringify(headers)}${body ? new TextDecoder().decode(body) : ""}`.includes("secret"));
      }
    });
  }
});

describe("httpStatus()", () => {
  const statuses: Partial<Record<RpcCode, number>> = {
    invalid_argument: 400,
    failed_precondition: 400,
    out_of_range: 400,
    unauthenticated: 401,
    permission_denied: 403,
    not_found: 404,
    already_exists: 409,
    aborted: 409,
    resource_exhausted: 429,
    cancelled: 499,
    unknown: 500,
    internal: 500,
    data_loss: 500,
    unimplemented: 501,
    unavailable: 503,
    deadline_exceeded: 504,
  };
  for (const [code, status] of Object.entries(statuses)) {
    it(`maps ${code} to ${status}`, () => assert.equal(httpStatus(code as RpcCode, "target_failed"), status));
  }
  it("says more where HTTP can", () => {
    assert.equal(httpStatus(ERROR_REASONS.verb_not_allowed, "verb_not_allowed"), 405);
    assert.equal(httpStatus(ERROR_REASONS.message_too_large, "message_too_large"), 413);
  });
});

describe("protocolOfRequest()", () => {
  const cases: readonly [
    method: string,
    contentType: string | undefined,
    query: string,
    isRpcPath: boolean,
    protocol: WireProtocol,
  ][] = [
    ["POST", "application/grpc", "", true, "grpc"],
    ["POST", "application/grpc+proto", "", false, "grpc"],
    ["POST", "application/grpc-web+proto", "", true, "grpc-web"],
    ["POST", "application/grpc-web-text", "", true, "grpc-web-text"],
    ["POST", "application/connect+json", "", true, "connect-stream"],
    ["POST", "application/json; charset=utf-8", "", true, "connect-unary"],
    ["POST", "application/json", "", false, "rest"],
    ["POST", "application/proto", "", false, "connect-unary"],
    ["GET", undefined, "connect=v1&encoding=json&message={}", true, "connect-unary"],
    ["GET", undefined, "", true, "rest"],
    ["PUT", undefined, "", false, "rest"],
  ];
  for (const [method, contentType, query, isRpcPath, protocol] of cases) {
    it(`takes ${method} ${contentType ?? "nothing"}${isRpcPath ? " on a method's path" : ""} for ${protocol}`, () => {
      assert.equal(protocolOfRequest({ method, contentType, query, isRpcPath }), protocol);
    });
  }
});
