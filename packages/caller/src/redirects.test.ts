import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertFailed, call, request } from "../test/call.ts";
import { answer, bodyOf, selfSigned, startEndpoint } from "../test/endpoint.ts";

describe("redirects of a target", () => {
  for (const status of [307, 308]) {
    it(`follows ${status} with the same request`, async (t) => {
      const bodies: string[] = [];
      const endpoint = await startEndpoint(t, async (incoming, response) => {
        bodies.push(`${incoming.method} ${incoming.url} ${await bodyOf(incoming)}`);
        if (incoming.url === "/") answer(response, status, "", { location: "/next" });
        else answer(response, 200, "done");
      });
      const exchange = await call(request(endpoint.url));
      assert.ok(exchange.kind === "replied");
      assert.deepEqual(bodies, ['POST / {"a":"ü"}', 'POST /next {"a":"ü"}']);
    });
  }

  for (const status of [301, 302, 303]) {
    it(`does not follow ${status}`, async (t) => {
      const endpoint = await startEndpoint(t, (_incoming, response) =>
        answer(response, status, "", { location: "/next" }),
      );
      assertFailed(await call(request(endpoint.url)), "redirect", status);
    });
  }

  it("follows three and no more", async (t) => {
    const endpoint = await startEndpoint(t, (incoming, response) => {
      const n = Number(incoming.url?.slice(1));
      answer(response, n === 3 && incoming.headers["user-agent"] === "three" ? 200 : 307, "", {
        location: `/${n + 1}`,
      });
    });
    assert.equal((await call(request(endpoint.url), { userAgent: "three" })).kind, "replied");
    assertFailed(await call(request(endpoint.url)), "redirect", 307);
  });

  const nowhere = [undefined, "http://[", "ftp://example.com/", "javascript:alert(1)"];
  for (const location of nowhere) {
    it(`does not follow to ${location ?? "nowhere"}`, async (t) => {
      const endpoint = await startEndpoint(t, (_incoming, response) =>
        answer(response, 307, "", location === undefined ? {} : { location }),
      );
      assertFailed(await call(request(endpoint.url)), "redirect", 307);
    });
  }

  it("does not follow from https to http", async (t) => {
    const certificate = selfSigned();
    const plain = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    const safe = await startEndpoint(
      t,
      (_incoming, response) => answer(response, 307, "", { location: plain.url }),
      certificate,
    );
    assertFailed(await call(request(safe.url), { ca: certificate.cert }), "redirect", 307);
    assert.equal(plain.connections(), 0);
  });

  it("checks where each leads", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) =>
      answer(response, 307, "", { location: "http://169.254.169.254/latest" }),
    );
    assertFailed(await call(request(endpoint.url)), "egress_denied");
  });

  it("takes a password to the endpoint, and not to where it redirects", async (t) => {
    const seen: (string | undefined)[] = [];
    const other = await startEndpoint(t, (incoming, response) => {
      seen.push(incoming.headers.authorization);
      answer(response, 200);
    });
    const first = await startEndpoint(t, (incoming, response) => {
      seen.push(incoming.headers.authorization);
      answer(response, 307, "", { location: other.url });
    });
    await call(request(first.url.replace("http://", "http://user:p%40ss@")));
    assert.deepEqual(seen, [`Basic ${Buffer.from("user:p@ss").toString("base64")}`, undefined]);
  });
});
