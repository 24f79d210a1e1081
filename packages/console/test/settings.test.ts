import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { forSuite } from "../../server/test/harness/cleanup.ts";
import { ADMIN_TOKEN } from "../../server/test/harness/server.ts";
import { checkAccessible, screenshots, startConsole, type TestConsole } from "./harness/console.ts";

describe("the page Settings", () => {
  let at: TestConsole;
  const suite = forSuite();
  before(async () => {
    at = await startConsole(suite);
  });

  it("shows what is in force, where it comes from, and no secret", async () => {
    const { page, open, server } = at;
    await open("/settings");
    const row = (name: string) => page.getByRole("row", { name });
    await row("egress.allow").getByText("127.0.0.0/8").waitFor();
    await row("egress.allow").getByText("INTERPOSE_EGRESS_ALLOW").waitFor();
    await row("admin.token").or(row("adminToken")).getByText("set, and secret").waitFor();
    const text = (await page.locator("main").textContent()) ?? "";
    assert.ok(!text.includes(ADMIN_TOKEN), "the admin token is shown");
    const { body } = await server.request("GET", "/v1/instance/settings");
    await page.getByText(String(body.version), { exact: true }).waitFor();
    assert.ok(text.includes(String(body.nodeId)));
    assert.equal(
      await page
        .getByRole("row")
        .filter({ has: page.getByRole("rowheader") })
        .count(),
      body.settings.length,
    );
    await checkAccessible(page);
    await screenshots(page, "settings");
  });

  it("finds settings, and keeps in the address what is looked for", async () => {
    const { page } = at;
    await page.getByLabel("Show").selectOption("those that somebody has set");
    await page.getByLabel("Find").fill("EGRESS");
    await page.waitForURL(/text=EGRESS/);
    const rows = page.getByRole("rowheader");
    assert.deepEqual(
      (await rows.locator("code").allTextContents()).filter((path) => !path.startsWith("egress")),
      [],
    );
    await page.reload();
    await page.getByRole("row", { name: "egress.allow" }).waitFor();
    assert.equal(await rows.count(), 1);
    await page.getByLabel("Find").fill("there is none like this");
    await page.getByText("No setting is like that.").waitFor();
    await checkAccessible(page);
  });
});
