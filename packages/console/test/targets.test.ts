import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { forSuite } from "../../server/test/harness/cleanup.ts";
import { checkAccessible, screenshots, startConsole, type TestConsole } from "./harness/console.ts";

describe("the page Targets", () => {
  let at: TestConsole;
  const suite = forSuite();
  before(async () => {
    at = await startConsole(suite);
  });

  it("teaches while there is no target", async () => {
    const { page, open } = at;
    await open("/targets");
    await page.getByRole("heading", { name: "There is no target yet" }).waitFor();
    await checkAccessible(page);
    await screenshots(page, "targets-empty");
  });

  it("creates a target by keyboard alone, and shows its signing key once", async () => {
    const { page } = at;
    await tabTo(at, "Create a target");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Create a target" }).waitFor();
    assert.equal(await focused(at), "Create a target", "the heading has the focus");
    await checkAccessible(page);
    await screenshots(page, "target-new");
    await tabTo(at, "Name");
    await page.keyboard.type("my target");
    await tabTo(at, "Endpoint");
    await page.keyboard.type("http://127.0.0.1:9090/");
    await tabTo(at, "Webhook");
    await page.keyboard.press("ArrowDown");
    await tabTo(at, "Timeout");
    await page.keyboard.type("250ms");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "The target is created" }).waitFor();
    assert.match((await page.locator(".secret").textContent()) ?? "", /^\S{20,}$/);
    await checkAccessible(page);
    await screenshots(page, "target-key");
    await tabTo(at, "I have kept it");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "my target" }).waitFor();
    await page.getByText("250 ms").waitFor();
    const { body } = await at.server.request("POST", "/v2/actions/targets/search", {});
    assert.equal(body.targets[0].restCall.interruptOnError, true);
    assert.equal(body.targets[0].timeout, "0.250s");
  });

  it("says what is wrong with a field, as the server says it", async () => {
    const { page } = at;
    at.expectErrors(/400 \(Bad Request\)/);
    await page.getByRole("link", { name: "Edit" }).click();
    await page.getByLabel("Timeout").fill("271s");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("alert").waitFor();
    const field = page.getByLabel("Timeout");
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    await checkAccessible(page);
    await screenshots(page, "target-violation");
    await field.fill("soon");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Give a length of time such as 5s or 500ms.").waitFor();
    await field.fill("4s");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "my target" }).waitFor();
    await page.getByText("4 s", { exact: true }).waitFor();
  });

  it("pauses and resumes deliveries, which can be undone", async () => {
    const { page } = at;
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByLabel("Why").fill("maintenance");
    await page.getByRole("button", { name: "Pause deliveries" }).click();
    await page.getByText("maintenance").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("button", { name: "Pause" }).waitFor();
    assert.equal(await page.getByText("maintenance").count(), 0);
  });

  it("changes settings and rotates the signing key", async () => {
    const { page } = at;
    await page.getByRole("button", { name: "Change" }).click();
    await page.getByLabel("Most attempts at once").fill("3");
    await page.getByLabel("Retry after").fill("1s, 2m");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("3 at most").waitFor();
    await page.getByText("after 1 s, 2 min").waitFor();
    await page.getByRole("button", { name: "Rotate" }).click();
    await page.getByRole("button", { name: "Make a new key" }).click();
    await page.getByRole("dialog", { name: "The new signing key" }).waitFor();
    await page.getByRole("button", { name: "I have kept it" }).click();
    await page.getByRole("table", { name: "Signing keys" }).getByRole("row").nth(2).waitFor();
    await checkAccessible(page);
    await screenshots(page, "target");
  });

  it("finds by name, and keeps the filter in the address", async () => {
    const { page, open } = at;
    await open("/targets");
    await page.getByRole("link", { name: "my target" }).waitFor();
    await screenshots(page, "targets");
    await page.getByLabel("Name").fill("other");
    await page.getByText("No target has “other” in its name.").waitFor();
    assert.match(page.url(), /\?name=other$/);
    await page.reload();
    await page.getByText("No target has “other” in its name.").waitFor();
    await page.getByLabel("Name").fill("MY");
    await page.getByRole("link", { name: "my target" }).waitFor();
  });

  it("deletes by keyboard alone, once it is confirmed", async () => {
    const { page } = at;
    await tabTo(at, "my target");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "my target" }).waitFor();
    await tabTo(at, "Delete");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Delete my target?" }).waitFor();
    assert.equal(await focused(at), "Cancel", "the way back has the focus");
    await checkAccessible(page);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    assert.equal(await focused(at), "Delete", "the focus is given back");
    await page.keyboard.press("Enter");
    await tabTo(at, "Delete the target");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "There is no target yet" }).waitFor();
  });
});

/** Presses the key Tab until what is called so has the focus. */
async function tabTo(at: TestConsole, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    if ((await focused(at)) === name) return;
    await at.page.keyboard.press("Tab");
  }
  assert.fail(`Tab never came to ${name}`);
}

/** What has the focus: the text of its label, or its own. */
function focused({ page }: TestConsole): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    const label = element instanceof HTMLInputElement ? element.labels?.[0] : undefined;
    return (label?.querySelector("strong") ?? label ?? element)?.textContent.trim() ?? "";
  });
}
