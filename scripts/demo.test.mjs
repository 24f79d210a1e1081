// The demo shows what it says, with colours for terminals alone, and leaves nothing behind.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, it } from "node:test";
import { root } from "./install.mjs";

const TIMEOUT_MS = 120_000;

function startDemo(t, args) {
  const child = spawn(process.execPath, [join(root, "scripts/demo.mjs"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGTERM"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  return { child, output: () => output, ended: once(child, "exit") };
}

async function until(output, pattern) {
  for (const end = Date.now() + TIMEOUT_MS; !pattern.test(output()) && Date.now() < end;)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return pattern.exec(output()) ?? assert.fail(output());
}

describe("npm run demo", () => {
  it("shows one call in each protocol, unhooked and hooked, and what the target did, and ends", async (t) => {
    const { output, ended } = startDemo(t, []);
    assert.deepEqual(await ended, [0, null], output());
    for (const protocol of ["gRPC", "Connect", "gRPC-Web", "REST"]) {
      assert.match(output(), new RegExp(`^  ${protocol} +12 x tea: 48.00 +10 x tea, a tenth off: 36.00$`, "m"));
    }
    assert.match(output(), /in 8 calls\n/);
    assert.match(output(), /^ {2}request +\{"item":"tea","quantity":12\} +\{"quantity":10\}$/m);
    assert.match(
      output(),
      /^ {2}response +\{"text":"10 x tea","total":4000\} +\{"text":"10 x tea, a tenth off","total":3600\}$/m,
    );
    // Not even one escape of a colour.
    assert.ok(!output().includes("\u001b"), output());
  });

  it("goes on until it is stopped, when it is told to keep everything", async (t) => {
    const { child, output, ended } = startDemo(t, ["--keep"]);
    const [, gateway] = await until(
      output,
      /-H 'content-type: application\/json' (\S+)\/v1\/orders[\s\S]*executions delete/,
    );
    const order = (quantity) =>
      fetch(`${gateway}/v1/orders`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ item: "cake", quantity }),
      });
    assert.deepEqual(await (await order(20)).json(), { text: "10 x cake, a tenth off", total: 3600 });
    child.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null], output());
    await assert.rejects(order(1));
  });
});
