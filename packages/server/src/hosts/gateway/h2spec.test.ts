import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { cleanUp } from "../../../test/harness/cleanup.ts";
import { startPassingGateway } from "../../../test/harness/gateway.ts";

const H2SPEC = "github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible";

/** Builds h2spec into a directory, or says why it cannot. Only the Go that is there is used; none is downloaded. */
function buildH2spec(directory: string): string | undefined {
  const env = { ...process.env, GOBIN: directory, GOTOOLCHAIN: "local" };
  const { error, status, stderr } = spawnSync("go", ["install", H2SPEC], { env, encoding: "utf8", timeout: 120_000 });
  if (error) return "there is no Go on this machine";
  return status === 0 ? undefined : `h2spec cannot be built: ${stderr.trim().split("\n").at(-1)}`;
}

describe("h2spec", () => {
  it("finds nothing wrong with the gateway's HTTP/2", async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "interpose-h2spec-"));
    cleanUp(t, () => rmSync(directory, { recursive: true, force: true }));
    const missing = buildH2spec(directory);
    if (missing !== undefined) {
      t.skip(missing);
      return;
    }
    const upstream = createServer();
    upstream.on("stream", (stream) => {
      stream.on("error", () => undefined);
      stream.resume();
      stream.respond({ ":status": 200 });
      stream.end("hello");
    });
    upstream.listen(0, "127.0.0.1");
    await once(upstream, "listening");
    cleanUp(t, () => void upstream.close());
    const gateway = await startPassingGateway(t, (upstream.address() as AddressInfo).port);
    const child = spawn(join(directory, "h2spec"), ["-h", "127.0.0.1", "-p", `${gateway.address.port}`, "-o", "2"]);
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    await once(child, "close");
    const [, tests, passed] = /(\d+) tests, (\d+) passed/.exec(said) ?? [];
    assert.equal(passed, tests, said);
    assert.ok(Number(tests) > 140, said);
  });
});
