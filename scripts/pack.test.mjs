// The packages as they are published, used by a program outside of this checkout, on the running Node, which strips no types below node_modules.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { root } from "./install.mjs";
import { pack } from "./pack.mjs";

const CONSUMER = `
import { createInterpose, InterposeError } from "interpose";
import { applyClaims } from "interpose/claims";
import { interposeInterceptor } from "interpose/connect";
import { interposeInterceptor as forGrpcJs } from "interpose/grpc-js";
import { createReceiver } from "@interpose/receiver";
import { fetchHandler } from "@interpose/receiver/fetch";
import { createOpener } from "@interpose/receiver/tokens";

const token = "a-token-of-the-consumer";
const interpose = await createInterpose({ dataDir: "data", adminToken: token });
const url = await interpose.listen({ port: 0 });
const answer = await fetch(url + "/v3alpha/executions/services", { headers: { authorization: "Bearer " + token } });
const { services } = await answer.json();
const openApi = await (await fetch(url + "/openapi.json")).json();
const page = await (await fetch(url + "/")).text();
const script = await fetch(url + /src="(.*?)"/.exec(page)[1]);
const interceptors = [interposeInterceptor(interpose), forGrpcJs(interpose, { services: [] })];
const output = await interpose.invoke("preuserinfo", { userinfo: {} });
await interpose.close();
const receiver = createReceiver({ keys: "a key", opener: createOpener({ jwks: { keys: [] } }), on: {}, onError() {} });
const unsigned = await fetchHandler(receiver)(new Request("http://receiver/", { method: "POST", body: "{}" }));
const refused = await createInterpose({ limits: { maxReplyBytes: 0 } }).catch((error) => error);
console.log(JSON.stringify({
  services,
  title: openApi.info.title,
  console: [page.includes('<div id="root">'), script.status, script.headers.get("content-type")],
  claims: applyClaims({ sub: "1" }, { ...output, append_claims: [{ key: "a", value: 1 }] }, "preuserinfo"),
  interceptors: interceptors.map((each) => typeof each),
  unsigned: unsigned.status,
  reason: refused instanceof InterposeError && refused.reason,
}));
`;

const TYPED_CONSUMER = `
import type { Interceptor } from "@connectrpc/connect";
import type { ServerInterceptor } from "@grpc/grpc-js";
import { createInterpose, type Interpose } from "interpose";
import { applyClaims } from "interpose/claims";
import { interposeInterceptor } from "interpose/connect";
import { interposeInterceptor as forGrpcJs } from "interpose/grpc-js";
import { createReceiver, reply, type Receiver } from "@interpose/receiver";
import { expressHandler } from "@interpose/receiver/express";
import { fastifyPlugin } from "@interpose/receiver/fastify";
import { fetchHandler } from "@interpose/receiver/fetch";
import { honoHandler } from "@interpose/receiver/hono";
import { nodeHandler } from "@interpose/receiver/node";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { createServer } from "node:http";

const interpose: Interpose = await createInterpose({ dataDir: "data", egress: { allow: ["127.0.0.0/8"] } });
export const output = await interpose.invoke("preuserinfo", { userinfo: { sub: "1" } }, { timeoutMs: 1_000 });
export const claims = applyClaims({ sub: "1" }, output, "preuserinfo");
export const forConnect: Interceptor = interposeInterceptor(interpose);
export const forGrpc: ServerInterceptor = forGrpcJs(interpose, { services: [] });
const receiver: Receiver = createReceiver({ keys: "a key", on: { request: ({ request }) => reply.change(request) } });
const handle = nodeHandler(receiver);
createServer((request, response) => void handle(request, response));
express().post("/", expressHandler(receiver));
fastify().register(fastifyPlugin(receiver), { prefix: "/" });
new Hono().post("/", honoHandler(receiver));
export const worker: { fetch(request: Request): Promise<Response> } = { fetch: fetchHandler(receiver) };
// @ts-expect-error -- there is no such setting
await createInterpose({ dataDri: "data" });
`;

describe("the packages, packed and installed", () => {
  let folder;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "interpose-pack-"));
    install(pack(join(folder, "packed")), join(folder, "node_modules"));
    writeFileSync(join(folder, "package.json"), '{"type": "module"}');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("start in a program of plain JavaScript, serve, and end", async () => {
    writeFileSync(join(folder, "consumer.js"), CONSUMER);
    const { stdout } = await promisify(execFile)(process.execPath, ["consumer.js"], { cwd: folder });
    const { services, ...rest } = JSON.parse(stdout);
    assert.ok(services.includes("zitadel.action.v3alpha.ActionService"));
    assert.deepEqual(rest, {
      title: "Interpose",
      console: [true, 200, "text/javascript; charset=utf-8"],
      claims: { sub: "1", a: 1 },
      interceptors: ["function", "function"],
      unsigned: 401,
      reason: "settings_invalid",
    });
  });

  it("bring types that a program in TypeScript compiles with", () => {
    writeFileSync(join(folder, "consumer.ts"), TYPED_CONSUMER);
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2024", "--types", "node"];
    execFileSync(process.execPath, [tsc, ...options, "consumer.ts"], { cwd: folder, stdio: "inherit" });
  });

  it("bring the command line", async () => {
    const bin = join(folder, "node_modules/interpose/bin/interpose.mjs");
    const { stdout } = await promisify(execFile)(process.execPath, [bin, "--version"], { cwd: folder });
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });
});

/** Unpacks what was packed into `node_modules`, as npm would, beside the checkout's own copies of what others wrote. */
function install(files, modules) {
  const theirs = join(root, "node_modules");
  const ours = new Set(["interpose", "@interpose"]);
  mkdirSync(join(modules, "@interpose"), { recursive: true });
  for (const name of readdirSync(theirs))
    if (!ours.has(name) && !name.startsWith(".")) symlinkSync(join(theirs, name), join(modules, name));
  for (const file of files) {
    const name = /interpose-(engine|protocol|caller|receiver)-\d/.exec(file)?.[1];
    const target = join(modules, name === undefined ? "interpose" : `@interpose/${name}`);
    mkdirSync(target);
    execFileSync("tar", ["-xzf", file, "-C", target, "--strip-components=1"]);
  }
}
