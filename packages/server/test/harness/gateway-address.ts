import assert from "node:assert/strict";
import type { TestServer } from "./server.ts";

/** Where a server's gateway listens, as it says when it starts. The one of the flags is called "gateway". */
export function gatewayAddress(server: TestServer, name = "gateway"): string {
  const lines = [...server.stdout().matchAll(/Gateway +https?:\/\/(\S+) before \S+ \((.+)\)/g)];
  return lines.find(([, , each]) => each === name)?.[1] ?? assert.fail(server.stdout());
}
