import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { cleanUp } from "../../../test/harness/cleanup.ts";
import { startPassingGateway } from "../../../test/harness/gateway.ts";
import { buildGoTools } from "../../../test/harness/go-tools.ts";

const H2SPEC = "github.com/summerwind/h2spec@v2.2.1+incompatible";

describe("h2spec", () => {
  it("finds nothing wrong with the gateway's HTTP/2", async (t) => {
    const tools = buildGoTools(t, H2SPEC, ["cmd/h2spec"]);
    if (typeof tools === "string") {
      t.skip(tools);
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
    const child = spawn(tools.path("h2spec"), ["-h", "127.0.0.1", "-p", `${gateway.address.port}`, "-o", "2"]);
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    await once(child, "close");
    const [, tests, passed] = /(\d+) tests, (\d+) passed/.exec(said) ?? [];
    assert.equal(passed, tests, said);
    assert.ok(Number(tests) > 140, said);
  });
});
