import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import {
  create,
  createFileRegistry,
  fromBinary,
  toBinary,
  toJson,
  type DescFile,
  type FileRegistry,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema, type FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { status, type ServiceError } from "@grpc/grpc-js";
import { methodName } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { bearer, grpcJsClient } from "./harness/grpc-js.ts";
import { ADMIN_TOKEN, startServer, type TestServer } from "./harness/server.ts";

const SERVICES = [
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
  "interpose.v1.ActionsService",
  "interpose.v1.CatalogService",
  "interpose.v1.DeliveryService",
  "interpose.v1.EventService",
  "interpose.v1.ExecutionService",
  "interpose.v1.ExplainService",
  "interpose.v1.FunctionService",
  "interpose.v1.InstanceService",
  "interpose.v1.RunService",
  "interpose.v1.TargetService",
  "interpose.v1.TokenService",
  "interpose.v1.TryService",
  "zitadel.action.v2.ActionService",
  "zitadel.action.v2beta.ActionService",
  "zitadel.action.v3alpha.ActionService",
];
const ACTION_SERVICE = "zitadel.action.v3alpha.ActionService";
const ACTION_FILE = "zitadel/action/v3alpha/action_service.proto";

describe("server reflection", () => {
  let server: TestServer;
  let off: TestServer;
  const suite = forSuite();
  before(async () => {
    [server, off] = await Promise.all([
      startServer(suite),
      startServer(suite, { env: { INTERPOSE_REFLECTION: "false" } }),
    ]);
  });

  for (const version of ["v1", "v1alpha"]) {
    const reflectionClient = (of: TestServer) =>
      grpcJsClient(suite, {
        file: `grpc/reflection/${version}/reflection.proto`,
        service: `grpc.reflection.${version}.ServerReflection`,
        address: `127.0.0.1:${of.port}`,
      });
    /** Asks on one stream, one question after another, and answers the responses. No token is sent. */
    const ask = async (...questions: readonly unknown[]): Promise<readonly any[]> => {
      const stream = reflectionClient(server).ServerReflectionInfo();
      const answers: any[] = [];
      for (const question of questions) {
        stream.write(question);
        answers.push(await new Promise((resolve, reject) => stream.once("data", resolve).once("error", reject)));
      }
      stream.end();
      await new Promise((resolve) => stream.once("end", resolve).resume());
      return answers;
    };
    const filesOf = (answer: any): readonly FileDescriptorProto[] => {
      assert.equal(answer.messageResponse, "fileDescriptorResponse", JSON.stringify(answer.errorResponse));
      return answer.fileDescriptorResponse.fileDescriptorProto.map((bytes: Uint8Array) =>
        fromBinary(FileDescriptorProtoSchema, bytes),
      );
    };

    describe(version, () => {
      it("lists the services, the same that conditions can name", async () => {
        const [answer] = await ask({ host: "any", listServices: "" });
        const names = answer.listServicesResponse.service.map(({ name }: { name: string }) => name);
        assert.deepEqual(names, SERVICES);
        const { body } = await server.request("GET", "/v3alpha/executions/services");
        assert.deepEqual(body.services, SERVICES);
        assert.equal(answer.validHost, "any");
        assert.equal(answer.originalRequest.messageRequest, "listServices");
      });

      for (const symbol of [
        ACTION_SERVICE,
        `${ACTION_SERVICE}.SetExecution`,
        "zitadel.action.v3alpha.SetExecutionRequest",
        "zitadel.action.v3alpha.SetExecutionRequest.targets",
      ]) {
        it(`sends the file of ${symbol}`, async () => {
          const [answer] = await ask({ fileContainingSymbol: symbol });
          assert.equal(filesOf(answer)[0]?.name, ACTION_FILE);
        });
      }

      it("sends a file by its name", async () => {
        const [answer] = await ask({ fileByFilename: "google/api/http.proto" });
        const [file] = filesOf(answer);
        assert.deepEqual([file?.name, file?.package], ["google/api/http.proto", "google.api"]);
      });

      it("knows the extensions that our files use", async () => {
        const [numbers, file] = await ask(
          { allExtensionNumbersOfType: "google.protobuf.MethodOptions" },
          { fileContainingExtension: { containingType: "google.protobuf.MethodOptions", extensionNumber: 72_295_728 } },
        );
        assert.ok(numbers.allExtensionNumbersResponse.extensionNumber.includes(72_295_728));
        assert.equal(filesOf(file)[0]?.name, "google/api/annotations.proto");
      });

      for (const question of [
        { fileContainingSymbol: "no.such.Symbol" },
        { fileContainingSymbol: "" },
        { fileByFilename: "no/such/file.proto" },
        { fileContainingExtension: { containingType: "google.protobuf.MethodOptions", extensionNumber: 1 } },
        { allExtensionNumbersOfType: "no.such.Type" },
        {},
      ]) {
        it(`answers NOT_FOUND to ${JSON.stringify(question)}, and the stream goes on`, async () => {
          const [error, services] = await ask(question, { listServices: "" });
          assert.equal(error.messageResponse, "errorResponse");
          assert.equal(error.errorResponse.errorCode, status.NOT_FOUND);
          assert.notEqual(error.errorResponse.errorMessage, "");
          assert.equal(services.messageResponse, "listServicesResponse");
        });
      }

      it("suffices to call a method that the client knew nothing of", async () => {
        const registry = await registryFrom(async (question) => filesOf((await ask(question))[0]));
        const method = registry
          .getService(ACTION_SERVICE)
          ?.methods.find(({ name }) => name === "ListExecutionFunctions");
        assert.ok(method);
        const bytes = await new Promise<Buffer>((resolve, reject) => {
          const request = Buffer.from(toBinary(method.input, create(method.input)));
          const same = (message: Buffer): Buffer => message;
          const path = `/${method.parent.typeName}/${method.name}`;
          const answered = (error: ServiceError | null, answer?: Buffer): void =>
            error ? reject(error) : resolve(answer ?? Buffer.alloc(0));
          reflectionClient(server).makeUnaryRequest(path, same, same, request, bearer(ADMIN_TOKEN), answered);
        });
        const answer: any = toJson(method.output, fromBinary(method.output, bytes));
        assert.ok(answer.functions.includes("preuserinfo"));
      });

      it("is off when the settings say so", async () => {
        const outcome = (token: string): Promise<number> =>
          new Promise((resolve) => {
            const stream = reflectionClient(off).ServerReflectionInfo(bearer(token));
            stream.once("error", ({ code }: ServiceError) => resolve(code));
            stream.once("data", () => resolve(status.OK));
            stream.write({ listServices: "" });
          });
        assert.equal(await outcome(ADMIN_TOKEN), status.UNIMPLEMENTED);
        // A stranger is not even told that it is off.
        assert.equal(await outcome("not-the-token"), status.UNAUTHENTICATED);
      });
    });
  }

  it("that is off is not among the methods and services that conditions can name", async () => {
    const { body } = await off.request("GET", "/v3alpha/executions/services");
    assert.deepEqual(
      body.services,
      SERVICES.filter((name) => !name.startsWith("grpc.reflection.")),
    );
    const condition = { request: { method: "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo" } };
    const refused = await off.request("PUT", "/v3alpha/executions", { condition, targets: [{ target: "1" }] });
    assert.deepEqual([refused.status, refused.body.code], [404, 5]);
    assert.equal((await off.request("GET", "/healthz", undefined, { token: null })).status, 200);
    assert.ok(
      !(await off.request("GET", "/v3alpha/executions/methods")).body.methods.includes(condition.request.method),
    );
    assert.ok(
      (await off.request("GET", "/v3alpha/executions/methods")).body.methods.includes(methodName("SetExecution")),
    );
  });
});

/** Puts a registry together from the files that reflection sends, and asks for those that they import and that did not come. */
async function registryFrom(
  files: (
    question: { fileContainingSymbol: string } | { fileByFilename: string },
  ) => Promise<readonly FileDescriptorProto[]>,
): Promise<FileRegistry> {
  const found = new Map<string, FileDescriptorProto>();
  const add = (given: readonly FileDescriptorProto[]): void => given.forEach((file) => found.set(file.name, file));
  add(await files({ fileContainingSymbol: ACTION_SERVICE }));
  for (let missing = missingOf(found); missing !== undefined; missing = missingOf(found)) {
    add(await files({ fileByFilename: missing }));
  }
  const ordered: FileDescriptorProto[] = [];
  const order = (name: string): void => {
    const file = found.get(name);
    if (!file || ordered.includes(file)) return;
    file.dependency.forEach(order);
    ordered.push(file);
  };
  [...found.keys()].forEach(order);
  return createFileRegistry(create(FileDescriptorSetSchema, { file: ordered }));
}

function missingOf(found: ReadonlyMap<string, FileDescriptorProto>): DescFile["name"] | undefined {
  return [...found.values()].flatMap(({ dependency }) => dependency).find((name) => !found.has(name));
}
