import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { NodeRequest } from "../listener/exchange.ts";
import { codingFor, createConsole } from "./index.ts";

describe("createConsole()", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "interpose-console-"));
    await mkdir(join(folder, "assets"));
    await mkdir(join(folder, ".vite"));
    await writeFile(join(folder, "index.html"), "<p>console</p>");
    await writeFile(join(folder, "assets/index-1.js"), "1;".repeat(1000));
    await writeFile(join(folder, ".vite/manifest.json"), "{}");
  });
  after(() => rm(folder, { recursive: true }));

  const request = (headers: Record<string, string> = {}): NodeRequest => ({ headers }) as unknown as IncomingMessage;
  const get = (path: string, given = folder) => createConsole({}, given)(path, request())?.();

  it("says how it is built where it was not, and leaves the API's paths alone", async () => {
    const missing = join(folder, "nowhere");
    const answer = await get("/", missing);
    assert.equal(answer?.status, 503);
    assert.match(String(answer.body), /^The console is not built: run `npm run console:build`/);
    assert.equal(get("/v1/tokens", missing), undefined);
  });

  for (const [path, status, shows] of [
    ["/", 200, "<p>console</p>"],
    ["/console", 200, "<p>console</p>"],
    ["/console/targets/1", 200, "<p>console</p>"],
    ["/console/assets/../../secret", 404, "There is no such file"],
    ["/console/assets/index-2.js", 404, "There is no such file"],
    // The build's own record is a page like any other that is not there.
    ["/console/.vite/manifest.json", 200, "<p>console</p>"],
  ] as const) {
    it(`answers ${status} at ${path}`, async () => {
      const answer = await get(path);
      assert.equal(answer?.status, status);
      assert.ok(String(answer.body).startsWith(shows), String(answer.body));
    });
  }

  it("is none of /consoles, /targets and the like", () => {
    for (const path of ["/consoles", "/targets", "/console-config", "/v1/console/"]) assert.equal(get(path), undefined);
  });

  it("says by which client one signs in, and lets the page speak to the issuer's origins", async () => {
    const oidc = {
      issuer: "https://id.example.com/realm",
      clientId: "console",
      scopes: ["openid"],
      origins: ["https://token.example.com/path"],
    };
    const answer = await createConsole({ oidc }, folder)("/console-config.json", request())?.();
    assert.deepEqual(JSON.parse(String(answer?.body)), {
      oidc: { issuer: "https://id.example.com/realm", clientId: "console", scopes: ["openid"] },
    });
    assert.match(
      String(answer?.headers["content-security-policy"]),
      /connect-src 'self' https:\/\/id\.example\.com https:\/\/token\.example\.com;/,
    );
    assert.deepEqual(JSON.parse(String((await get("/console-config.json"))?.body)), {});
  });
});

describe("codingFor()", () => {
  for (const [header, coding] of [
    ["gzip, deflate, br, zstd", "br"],
    ["gzip", "gzip"],
    ["br;q=0, gzip;q=0.5", "gzip"],
    ["GZIP;q=1", "gzip"],
    ["identity", undefined],
    ["", undefined],
  ] as const) {
    it(`takes ${coding ?? "none"} of "${header}"`, () => assert.equal(codingFor(header), coding));
  }
});
