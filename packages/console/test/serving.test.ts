import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { forSuite } from "../../server/test/harness/cleanup.ts";
import { startServer, type TestServer } from "../../server/test/harness/server.ts";
import { startConsole } from "./harness/console.ts";

/** Most compressed JavaScript that a first paint may need, in bytes. */
const BUDGET = 200 * 1024;
const DIST = new URL("../dist/", import.meta.url);

/** What Vite says of a file of the build. */
interface Chunk {
  readonly file: string;
  readonly imports?: readonly string[];
  readonly isDynamicEntry?: boolean;
}

describe("the build of the console", () => {
  const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", DIST), "utf8")) as Record<string, Chunk>;
  const pages = Object.keys(manifest).filter((name) => manifest[name]?.isDynamicEntry);

  it("has a file for each page", () => assert.ok(pages.includes("src/pages/targets/index.tsx"), pages.join()));

  for (const page of pages) {
    it(`needs less than ${BUDGET} bytes of compressed JavaScript to paint ${page}`, () => {
      const files = new Set([...filesOf("index.html"), ...filesOf(page)]);
      const size = [...files].reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, DIST))).byteLength, 0);
      assert.ok(size < BUDGET, `${size} bytes: ${[...files].join(", ")}`);
    });
  }

  function filesOf(name: string, seen = new Set<string>()): ReadonlySet<string> {
    const chunk = manifest[name];
    if (!chunk || seen.has(chunk.file)) return seen;
    seen.add(chunk.file);
    for (const imported of chunk.imports ?? []) filesOf(imported, seen);
    return seen;
  }
});

describe("the server of the console", () => {
  let server: TestServer;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
  });

  it("has the same page at / and at each path below /console/", async () => {
    const pages = await Promise.all(["/", "/console", "/console/", "/console/targets/1"].map((path) => get(path)));
    for (const page of pages) {
      assert.equal(page.status, 200);
      assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
      assert.equal(page.headers.get("cache-control"), "no-cache");
      assert.match(page.text, /<div id="root">/);
    }
  });

  it("takes no path from the API", async () => {
    for (const path of ["/v1/deliveries", "/targets", "/consoles", "/v3alpha/targets/1"])
      assert.equal((await get(path)).status, 401, path);
    assert.equal((await get("/healthz")).status, 200);
  });

  it("lets files with a hash in their name be kept for good, compressed", async () => {
    const [, script = ""] = /src="([^"]+\.js)"/.exec((await get("/")).text) ?? [];
    for (const coding of ["br", "gzip"]) {
      const { status, headers } = await get(script, { "accept-encoding": coding });
      assert.equal(status, 200);
      assert.equal(headers.get("cache-control"), "public, max-age=31536000, immutable");
      assert.equal(headers.get("content-encoding"), coding);
      assert.equal(headers.get("vary"), "accept-encoding");
    }
    assert.equal((await get(script, { "accept-encoding": "identity" })).headers.get("content-encoding"), null);
    assert.equal((await get("/console/assets/none-1234.js")).status, 404);
  });

  it("answers 304 to who has the page", async () => {
    const etag = (await get("/")).headers.get("etag") ?? "";
    assert.equal((await get("/", { "if-none-match": etag })).status, 304);
    assert.equal((await get("/", { "if-none-match": '"another"' })).status, 200);
  });

  it("lets the page run and speak to nothing but its own, and stand in no frame", async () => {
    const { headers } = await get("/");
    const policy = headers.get("content-security-policy") ?? "";
    for (const part of ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"])
      assert.ok(policy.split("; ").includes(part), policy);
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
  });

  it("takes GET and HEAD alone", async () => {
    const answer = await fetch(`${server.url}/`, { method: "POST" });
    assert.equal(answer.status, 405);
    assert.equal((await fetch(`${server.url}/`, { method: "HEAD" })).status, 200);
  });

  async function get(path: string, headers: Record<string, string> = {}) {
    const answer = await fetch(`${server.url}${path}`, { headers });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  }
});

describe("the shell", () => {
  const suite = forSuite();

  it("leads by keyboard past the navigation, keeps the theme, and folds on narrow screens", async () => {
    const { page, open } = await startConsole(suite);
    await open("/targets");
    await page.getByRole("heading", { name: "There is no target yet" }).waitFor();
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Skip to the page");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
    await page.getByRole("button", { name: "Theme: system" }).click();
    await page.getByRole("button", { name: "Theme: light" }).click();
    await page.reload();
    await page.getByRole("button", { name: "Theme: dark" }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");

    await page.setViewportSize({ width: 400, height: 800 });
    await page.getByRole("navigation", { name: "Pages" }).waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "Menu" }).click();
    await page.getByRole("link", { name: "Access" }).click();
    await page.getByRole("heading", { name: "Access", exact: true }).waitFor();
    await page.getByRole("navigation", { name: "Pages" }).waitFor({ state: "hidden" });
    await open("/nowhere");
    await page.getByRole("heading", { name: "There is no such page" }).waitFor();
  });
});
