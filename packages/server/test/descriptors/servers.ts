import { spawn, spawnSync } from "node:child_process";
import { createSecureServer, createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import * as protoLoader from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, type FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { ServerReflection as ReflectionV1 } from "@interpose/protocol/gen/grpc/reflection/v1/reflection_pb";
import { ServerReflection as ReflectionV1Alpha } from "@interpose/protocol/gen/grpc/reflection/v1alpha/reflection_pb";
import { cleanUp, type Cleanup } from "../harness/cleanup.ts";
import { eventually } from "../harness/eventually.ts";
import type { Answer, Question } from "../../src/hosts/gateway/descriptors/reflection-stream.ts";
import { PROTOS, THIRD_PARTY } from "./buf.ts";

/** A server that runs. */
export interface RunningServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** A server of grpc-js with the reflection that belongs to it. It serves the services of some .proto files. */
export async function startGrpcJs(t: Cleanup, files: readonly string[], port = 0): Promise<RunningServer> {
  const definition = protoLoader.loadSync([...files], { includeDirs: [PROTOS, THIRD_PARTY], keepCase: true });
  const server = new grpc.Server();
  for (const service of Object.values(definition)) {
    if (!("format" in service)) server.addService(service, {});
  }
  new ReflectionService(definition).addToServer(server);
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error, found) =>
      error ? reject(error) : resolve(found),
    ),
  );
  const stop = (): Promise<void> => {
    server.forceShutdown();
    return Promise.resolve();
  };
  cleanUp(t, stop);
  return { url: `http://127.0.0.1:${bound}`, stop };
}

const GO_FOLDER = fileURLToPath(new URL("grpc-go", import.meta.url));

/** Builds the server of grpc-go without any network. A text says why that cannot be here. */
export function buildGrpcGo(output: string): { readonly path: string } | string {
  if (spawnSync("go", ["version"]).status !== 0) return "Go is not on this machine";
  const env = { ...process.env, GOPROXY: "off", GOFLAGS: "-mod=readonly" };
  const path = join(output, "grpc-go");
  const { status, stderr } = spawnSync("go", ["build", "-o", path, "."], { cwd: GO_FOLDER, env, timeout: 300_000 });
  if (status === 0) return { path };
  const text = stderr.toString();
  if (text.includes("GOPROXY=off")) return "the modules of grpc-go are not in Go's cache";
  throw new Error(`go build: ${text}`);
}

/** Starts a server that `buildGrpcGo` built. */
export async function startGrpcGo(t: Cleanup, path: string): Promise<RunningServer> {
  const child = spawn(path, [], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await exited;
  };
  cleanUp(t, stop);
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  await eventually("grpc-go says its port", () => said.endsWith("\n"));
  return { url: `http://127.0.0.1:${said.trim()}`, stop };
}

/** How a server answers questions of reflection, one by one. Undefined: it ends the stream. */
export type Answers = (question: Question, context: HandlerContext) => Promise<Answer | undefined> | Answer | undefined;

/** What a server of reflection differs in from others. */
export interface ReflectionServerOptions {
  readonly versions?: readonly ("v1" | "v1alpha")[];
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A server whose reflection answers what a test wants. */
export async function startReflection(
  t: Cleanup,
  answers: Answers,
  { versions = ["v1", "v1alpha"], tls }: ReflectionServerOptions = {},
): Promise<RunningServer> {
  async function* serverReflectionInfo(
    requests: AsyncIterable<{ readonly messageRequest: { case?: string | undefined; value?: unknown } }>,
    context: HandlerContext,
  ): AsyncGenerator<any> {
    for await (const { messageRequest } of requests) {
      const messageResponse = await answers(messageRequest as Question, context);
      if (!messageResponse) return;
      yield { messageResponse };
    }
  }
  const handler = connectNodeAdapter({
    routes: (router) => {
      if (versions.includes("v1")) router.service(ReflectionV1, { serverReflectionInfo });
      if (versions.includes("v1alpha")) router.service(ReflectionV1Alpha, { serverReflectionInfo });
    },
  });
  const server = tls ? createSecureServer(tls, handler) : createServer(handler);
  return { url: await listening(t, server), stop: () => closed(server) };
}

const SESSIONS = new WeakMap<Http2Server, Set<ServerHttp2Session>>();

async function listening(t: Cleanup, server: Http2Server): Promise<string> {
  const sessions = new Set<ServerHttp2Session>();
  SESSIONS.set(server, sessions);
  server.on("session", (session) => void sessions.add(session));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp(t, () => closed(server));
  return `http${"setSecureContext" in server ? "s" : ""}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function closed(server: Http2Server): Promise<void> {
  for (const session of SESSIONS.get(server) ?? []) session.destroy();
  if (server.listening) await new Promise((resolve) => server.close(resolve));
}

/** Answers as a server does that has some files: the one that was asked for alone, or with all that it imports. */
export function answersFrom(
  files: readonly FileDescriptorProto[],
  services: readonly string[],
  { isTransitive = false }: { readonly isTransitive?: boolean } = {},
): Answers {
  const byName = new Map(files.map((file) => [file.name, file]));
  const closure = (file: FileDescriptorProto, found = new Set<FileDescriptorProto>()): Set<FileDescriptorProto> => {
    if (found.has(file)) return found;
    found.add(file);
    for (const name of file.dependency) {
      const next = byName.get(name);
      if (next) closure(next, found);
    }
    return found;
  };
  const sent = (file: FileDescriptorProto | undefined, what: string): Answer =>
    file
      ? fileAnswer(
          [...(isTransitive ? closure(file) : [file])].map((each) => toBinary(FileDescriptorProtoSchema, each)),
        )
      : errorAnswer(5, `there is no ${what}`);
  return ({ case: kind, value }) => {
    if (kind === "listServices") return listAnswer(services);
    if (kind === "fileByFilename") return sent(byName.get(value), value);
    const owner = files.find((file) =>
      file.service.some(({ name }) => [file.package, name].filter(Boolean).join(".") === value),
    );
    return sent(owner, value);
  };
}

/** An answer with services. */
export function listAnswer(names: readonly string[]): Answer {
  return { case: "listServicesResponse", value: { service: names.map((name) => ({ name })) } } as Answer;
}

/** An answer with files. */
export function fileAnswer(fileDescriptorProto: readonly Uint8Array[]): Answer {
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto } } as Answer;
}

/** An answer that says why there is none. */
export function errorAnswer(errorCode: number, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } } as Answer;
}
