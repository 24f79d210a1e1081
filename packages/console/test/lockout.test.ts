import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { forSuite } from "../../server/test/harness/cleanup.ts";
import { ADMIN_TOKEN } from "../../server/test/harness/server.ts";
import { checkAccessible, signIn, startConsole, type TestConsole } from "./harness/console.ts";

describe("the console, where an execution refuses every call", () => {
  const suite = forSuite();
  let at: TestConsole;
  before(async () => {
    at = await startConsole(suite, { isSignedIn: false });
    at.expectErrors(/503 \(Service Unavailable\)/);
    const { server } = at;
    const target = {
      name: "away",
      endpoint: "http://127.0.0.1:1/",
      restWebhook: { interruptOnError: true },
      timeout: "1s",
    };
    const { body } = await server.request("POST", "/v3alpha/targets", target);
    const execution = { condition: { request: { all: true } }, targets: [{ target: (body as { id: string }).id }] };
    assert.equal((await server.request("PUT", "/v3alpha/executions", execution)).status, 200);
    assert.notEqual((await server.request("GET", "/v1/tokens")).status, 200, "everybody is locked out");
  });

  it("lets people in, tells what is in the way, and goes past it for as long as they want", async () => {
    const { page, open } = at;
    await open("/targets");
    await signIn(page, ADMIN_TOKEN);
    const notice = page.getByRole("alert").filter({ hasText: "An execution is in the way" });
    await notice.getByRole("button", { name: "Go past executions" }).click();
    await page.getByRole("link", { name: "away" }).waitFor();
    const warning = page.getByRole("status").filter({ hasText: "Calls of this console go past executions" });
    await warning.waitFor();
    await checkAccessible(page);
    await warning.getByRole("button", { name: "Run executions again" }).click();
    await warning.waitFor({ state: "detached" });
    await page.reload();
    await notice.waitFor();
  });
});
