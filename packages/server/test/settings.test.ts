import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ADMIN_TOKEN, startServer } from "./harness/server.ts";

describe("GetSettings", () => {
  it("answers what is in force and where it comes from, and nothing that is secret", async (t) => {
    const server = await startServer(t, {
      env: { INTERPOSE_LIMITS_MAX_RUN_DEPTH: "7" },
      flags: ["--limits-max-run-seconds", "9"],
    });
    const { status, body } = await server.request("GET", "/v1/instance/settings");
    assert.equal(status, 200, JSON.stringify(body));
    const settingOf = (path: string): any => body.settings.find((each: any) => each.path === path);
    const depth = settingOf("limits.maxRunDepth");
    assert.deepEqual([depth.value, depth.source], ["7", "INTERPOSE_LIMITS_MAX_RUN_DEPTH"]);
    const seconds = settingOf("limits.maxRunSeconds");
    assert.deepEqual([seconds.value, seconds.source], ["9", "--limits-max-run-seconds"]);
    assert.equal(settingOf("reflection").source, "default");
    assert.notEqual(depth.description, "");
    const token = settingOf("adminToken");
    assert.deepEqual([token.value, token.isSecret], ['"********"', true]);
    assert.ok(!JSON.stringify(body).includes(ADMIN_TOKEN));
    assert.equal(body.storeKind, server.databaseUrl === undefined ? "embedded" : "url");
    assert.match(body.nodeId, /^\d+$/);
    assert.ok(Date.parse(body.startTime) <= Date.now() + 1_000);
  });
});
