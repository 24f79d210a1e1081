import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createTarget, setExecution } from "../../server/test/harness/api.ts";
import { forSuite } from "../../server/test/harness/cleanup.ts";
import { publish } from "../../server/test/harness/events.ts";
import { startTarget } from "../../server/test/harness/target.ts";
import { checkAccessible, screenshots, startConsole, type TestConsole } from "./harness/console.ts";

describe("the page Overview", () => {
  let at: TestConsole;
  let well: string;
  const suite = forSuite();
  before(async () => {
    at = await startConsole(suite);
  });
  const step = (name: string) => at.page.getByRole("listitem").filter({ hasText: name });

  it("is the first page, and has the three steps of a newcomer", async () => {
    const { page, open } = at;
    await open("/");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await step("Create a target").getByText("Next").waitFor();
    await step("Hook a method").getByText("Not done").waitFor();
    await page.getByText(/● Live$/).waitFor();
    await checkAccessible(page);
    await screenshots(page, "overview-empty");
    await page.getByRole("link", { name: "1. Create a target" }).click();
    await page.getByRole("heading", { name: "Create a target" }).waitFor();
  });

  it("has the steps done as they are, and none once all are", async () => {
    const { page, open, server } = at;
    well = await createTarget(server, { name: "claims", endpoint: (await startTarget(suite)).url });
    await open("/overview");
    await step("Create a target").getByText("Done").waitFor();
    await step("Hook a method").getByText("Next").waitFor();
    await setExecution(server, { function: { name: "preuserinfo" } }, [well]);
    await open("/overview");
    await step("Hook a method").getByText("Done").waitFor();
    assert.equal(
      await page.getByRole("link", { name: "3. Send a test call" }).getAttribute("href"),
      `/console/try?target=${well}`,
    );
    await invoke("preuserinfo");
    await page.getByRole("heading", { name: "Three steps to the first hooked call" }).waitFor({ state: "detached" });
  });

  it("follows the traffic without being reloaded", async () => {
    const { page } = at;
    await page.getByText(/● Live$/).waitFor();
    const runs = page.locator(".tile", { hasText: "Runs" }).first();
    const count = async (): Promise<number> => Number(await runs.getByRole("link").textContent());
    const [earlier] = [await count()];
    await invoke("preuserinfo");
    await runs.getByText(String(earlier + 1), { exact: true }).waitFor();
    await page.getByRole("img", { name: `${earlier + 1} runs, 0 of them refused` }).waitFor();
  });

  it("names targets that fail, are held or have dead letters, with what to do", async () => {
    const { page, server } = at;
    const down = await startTarget(suite, { status: 500 });
    const failing = await createTarget(server, { name: "billing", endpoint: down.url });
    await setExecution(server, { function: { name: "preaccesstoken" } }, [failing]);
    await invoke("preaccesstoken");
    const row = page.getByRole("row", { name: "billing" });
    await row.getByText("1 of 1 calls failed (100 %)").waitFor();
    await row.getByText("It answers with a status that is no success.").waitFor();
    assert.equal(
      await row.getByRole("link", { name: "See the failed runs" }).getAttribute("href"),
      `/console/runs?failed=yes&target=${failing}`,
    );

    await server.request("PATCH", `/v1/targets/${failing}/settings`, { delivery: { retry: { delays: [] } } });
    await server.request("POST", `/v1/targets/${well}:pause`, { reason: "for this test" });
    await setExecution(server, { event: { event: "order.placed" } }, [failing]);
    await setExecution(server, { event: { event: "order.paid" } }, [well]);
    for (const type of ["order.placed", "order.paid", "order.paid"])
      await publish(server, { type, aggregateType: "order", aggregateId: "1", payload: {} });
    await row.getByText("1 dead letter").waitFor();
    await page.getByRole("row", { name: "claims" }).getByText("2 deliveries are held").waitFor();
    const tile = (name: string) => page.locator(".tile", { hasText: name }).getByRole("link");
    assert.equal(await tile("Held").textContent(), "2");
    assert.equal(await tile("Dead letters").textContent(), "1");
    assert.equal(await tile("Dead letters").getAttribute("href"), "/console/deliveries/dead");
    await checkAccessible(page);
    await screenshots(page, "overview");
  });

  it("keeps in the address how far it looks back", async () => {
    const { page } = at;
    await page.getByLabel("Over the", { exact: true }).selectOption("last day");
    await page.getByRole("img", { name: /^Over the last day/ }).waitFor();
    assert.match(page.url(), /\?period=day$/);
    await page.getByText("The same as a table").click();
    await page.getByRole("columnheader", { name: "Failed calls per minute" }).waitFor();
    await checkAccessible(page);
  });

  it("leads to the target, whose page shows its health", async () => {
    const { page } = at;
    await page.getByRole("link", { name: "billing" }).click();
    await page.getByRole("heading", { name: "Health" }).waitFor();
    await page.getByRole("img", { name: /How long calls took in the last hour: half of them within/ }).waitFor();
    await page.getByText("It answers with a status that is no success.").waitFor();
    await page.getByRole("link", { name: "Send a test call" }).waitFor();
    await checkAccessible(page);
    await screenshots(page, "target-health");
  });

  async function invoke(name: string): Promise<void> {
    await at.server.request("POST", `/v1/functions/${name}:invoke`, { input: { user: { id: "1" } } });
  }
});
