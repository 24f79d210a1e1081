import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertFailed, call, request } from "../test/call.ts";
import { answer, startEndpoint } from "../test/endpoint.ts";

describe("egress rules at the time of a call", () => {
  it("keep loopback out unless it is allowed", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    for (const url of [
      endpoint.url,
      `http://localhost:${endpoint.port}/`,
      `http://2130706433:${endpoint.port}/`,
      `http://0x7f.1:${endpoint.port}/`,
      `http://[::ffff:127.0.0.1]:${endpoint.port}/`,
    ]) {
      assertFailed(await call(request(url), { egressAllow: [] }), "egress_denied");
    }
    assert.equal(endpoint.connections(), 0);
  });

  it("hold for what a name resolves to, and only for the addresses that are allowed", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    const resolve = () =>
      Promise.resolve([
        { address: "10.0.0.1", family: 4 },
        { address: "127.0.0.1", family: 4 },
      ]);
    const sent = request(`http://rebinding.invalid:${endpoint.port}/`);
    assertFailed(await call(sent, { egressAllow: [], resolve }), "egress_denied");
    assert.equal((await call(sent, { resolve })).kind, "replied", "the allowed one of the two is used");
  });

  it("are not moved by a name that resolves to another address the second time", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    let asked = 0;
    // 192.0.2.1 is never routed; it is allowed here, as a public address would be, and is the one that is connected to.
    const resolve = () => Promise.resolve([{ address: asked++ === 0 ? "192.0.2.1" : "127.0.0.1", family: 4 }]);
    const exchange = await call(request(`http://rebinding.invalid:${endpoint.port}/`, { timeoutMs: 300 }), {
      egressAllow: ["192.0.2.0/24"],
      resolve,
    });
    assert.equal(exchange.kind, "failed");
    assert.equal(endpoint.connections(), 0);
    assert.equal(asked, 1);
  });
});
