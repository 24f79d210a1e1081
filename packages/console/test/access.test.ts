import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { forSuite } from "../../server/test/harness/cleanup.ts";
import { checkAccessible, screenshots, startConsole, type TestConsole } from "./harness/console.ts";

describe("the page Access", () => {
  let at: TestConsole;
  let token: string;
  const suite = forSuite();
  before(async () => {
    at = await startConsole(suite);
  });

  it("teaches while there is no token", async () => {
    const { page, open } = at;
    await open("/access");
    await page.getByRole("heading", { name: "There is no token of its own yet" }).waitFor();
    await checkAccessible(page);
    await screenshots(page, "access-empty");
  });

  it("creates a token that is shown once, and copied", async () => {
    const { page, server } = at;
    await page.getByRole("link", { name: "Create a token" }).click();
    await page.getByLabel("Name").fill("ci");
    await page.getByLabel("None").check();
    await page.getByLabel("More permissions").fill("event.publish, function.invoke");
    await page.getByLabel("Ends after").fill("30d");
    await checkAccessible(page);
    await screenshots(page, "access-new");
    await page.getByRole("button", { name: "Create the token" }).click();
    await page.getByRole("dialog", { name: "The token is created" }).waitFor();
    await page.getByRole("button", { name: "Copy the token" }).click();
    await page.getByText("Copied the token.").waitFor();
    token = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal((await callWith(token)).status, 200, "the token is of use");
    await checkAccessible(page);
    await page.getByRole("button", { name: "I have kept it" }).click();
    const row = page.getByRole("row", { name: "ci" });
    await row.getByText("None, event.publish, function.invoke").waitFor();
    await row.getByText("in 30 days").waitFor();
    const { body } = await server.request("GET", "/v1/tokens");
    assert.deepEqual(body.tokens[0].permissions, ["event.publish", "function.invoke"]);
    await screenshots(page, "access");
  });

  it("says which permission there is none of", async () => {
    const { page } = at;
    at.expectErrors(/400 \(Bad Request\)/);
    await page.getByRole("link", { name: "Create a token" }).click();
    await page.getByLabel("Name").fill("wrong");
    await page.getByLabel("More permissions").fill("everything");
    await page.getByRole("button", { name: "Create the token" }).click();
    await page
      .getByRole("alert")
      .getByText(/everything/)
      .waitFor();
    await checkAccessible(page);
    await page.getByRole("link", { name: "Cancel" }).click();
  });

  it("revokes a token once it is confirmed, and shows it where that is asked for", async () => {
    const { page } = at;
    await page.getByRole("button", { name: "Revoke ci" }).click();
    await page.getByRole("dialog", { name: "Revoke ci?" }).waitFor();
    await page.getByRole("button", { name: "Revoke the token" }).click();
    await page.getByText("The token ci is revoked.").waitFor();
    await page.getByRole("row", { name: "ci" }).waitFor({ state: "detached" });
    assert.equal((await callWith(token)).status, 401);
    await page.getByLabel("Show").selectOption({ label: "revoked and expired ones too" });
    await page.getByRole("row", { name: "ci" }).getByText("Revoked").waitFor();
    assert.match(page.url(), /show=all/);
    await checkAccessible(page);
  });

  function callWith(bearer: string) {
    return at.server.request("GET", "/v2/actions/executions/functions", undefined, { token: bearer });
  }
});
