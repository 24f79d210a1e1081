import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createTarget, setExecution } from "../../server/test/harness/api.ts";
import { forSuite } from "../../server/test/harness/cleanup.ts";
import { startTarget, type TestTarget } from "../../server/test/harness/target.ts";
import { checkAccessible, screenshots, startConsole, type TestConsole } from "./harness/console.ts";

const SCHEMA = '{"type": "object", "properties": {"amount": {"type": "number"}}, "required": ["amount"]}';

describe("the page Functions", () => {
  let at: TestConsole;
  let target: TestTarget;
  const suite = forSuite();
  before(async () => {
    at = await startConsole(suite);
    target = await startTarget(suite, { body: { discount: 3 } });
  });

  it("lists what is built in, which cannot be changed", async () => {
    const { page, open } = at;
    await open("/functions");
    await page.getByRole("heading", { name: "There is none of your own yet" }).waitFor();
    const builtIn = page.getByRole("table", { name: "Functions that are built in" });
    await checkAccessible(page);
    await screenshots(page, "functions-empty");
    await builtIn.getByRole("link", { name: "preuserinfo", exact: true }).click();
    await page.getByRole("heading", { name: "preuserinfo" }).waitFor();
    await page.getByText("in Interpose itself; it cannot be changed").waitFor();
    assert.equal(await page.getByRole("link", { name: "Edit" }).count(), 0);
    await open("/functions/preuserinfo/edit");
    await page.getByText("It cannot be changed here").waitFor();
  });

  it("declares a function by keyboard, and says where a schema is no JSON", async () => {
    const { page, open } = at;
    await open("/functions");
    await page.getByRole("link", { name: "Declare a function" }).press("Enter");
    await page.getByLabel("Name").focus();
    await page.keyboard.type("price.discount");
    await page.keyboard.press("Tab");
    await page.keyboard.type("What to take off a price.");
    await page.keyboard.press("Tab");
    await page.keyboard.type('{"type": "object",\n oops');
    const field = page.getByLabel("Schema of the input", { exact: true });
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    await page.getByText(/This is no JSON: something is out of place at line 2/).waitFor();
    await checkAccessible(page);
    await screenshots(page, "function-new");
    await field.fill(SCHEMA);
    await page.getByRole("button", { name: "Format: Schema of the input" }).click();
    assert.equal(await field.inputValue(), JSON.stringify(JSON.parse(SCHEMA), undefined, 2));
    await page.getByRole("button", { name: "Declare the function" }).press("Enter");
    await page.getByRole("heading", { name: "price.discount" }).waitFor();
    await page.getByText("an invocation answers an empty output").waitFor();
  });

  it("lists those of one's own before those that are built in", async () => {
    const { page, open } = at;
    await open("/functions");
    const row = page.getByRole("table", { name: "Functions of your own" }).getByRole("row", { name: "price.discount" });
    await row.getByText("API").waitFor();
    await row.getByText("What to take off a price.").waitFor();
    await checkAccessible(page);
    await screenshots(page, "functions");
    await row.getByRole("link").click();
  });

  it("says of a schema what the server says of it", async () => {
    const { page } = at;
    at.expectErrors(/400 \(Bad Request\)/);
    await page.getByRole("link", { name: "Edit" }).click();
    await page.getByLabel("Schema of the replies", { exact: true }).fill('{"type": "nonsense"}');
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("alert").waitFor();
    assert.equal(await page.getByLabel("Schema of the replies", { exact: true }).getAttribute("aria-invalid"), "true");
    await page.getByLabel("Schema of the replies", { exact: true }).fill('{"type": "object"}');
    await page.getByLabel("Schema of the input", { exact: true }).fill(SCHEMA);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("The function is changed.").waitFor();
    await page.getByRole("region", { name: "the schema of the replies" }).waitFor();
  });

  it("invokes it for real, shows its output, and says why an input is refused", async () => {
    const { page, server, open } = at;
    const id = await createTarget(server, { name: "discounts", endpoint: target.url, type: "restCall" });
    await setExecution(server, { function: { name: "price.discount" } }, [id]);
    await open("/functions/price.discount");
    assert.equal(
      await page.getByRole("link", { name: "function/price.discount" }).getAttribute("href"),
      "/console/executions/function%2Fprice.discount",
    );
    await page.getByRole("link", { name: "discounts" }).waitFor();
    await page.getByLabel("Input", { exact: true }).fill('{"amount": "much"}');
    await page.getByRole("button", { name: "Invoke" }).click();
    await page
      .getByRole("alert")
      .getByText(/amount/)
      .first()
      .waitFor();
    assert.equal(target.calls.length, 0);
    await page.getByRole("button", { name: "Fill in a sample" }).click();
    await page.waitForFunction(() => /"amount": \d/.test(document.querySelector("textarea")?.value ?? ""));
    await page.getByLabel("Input", { exact: true }).fill('{"amount": 10}');
    await page.getByRole("button", { name: "Invoke" }).click();
    await page.getByRole("region", { name: "the output" }).getByText('"discount": 3').waitFor();
    assert.deepEqual(target.calls[0]?.body.amount, 10);
    assert.equal(
      await page.getByRole("link", { name: "See the run on record" }).getAttribute("href"),
      "/console/runs?function=price.discount",
    );
    await checkAccessible(page);
    await screenshots(page, "function");
  });

  it("is not deleted while an execution is set on it, and is then, once it is confirmed", async () => {
    const { page, server } = at;
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Delete the function" }).click();
    await page
      .getByRole("alert")
      .getByText(/execution/)
      .first()
      .waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await server.request("DELETE", "/v3alpha/executions", { condition: { function: { name: "price.discount" } } });
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Delete the function" }).click();
    await page.getByText("The function is deleted.").waitFor();
    await page.getByRole("link", { name: "preuserinfo", exact: true }).waitFor();
    assert.equal(await page.getByRole("row", { name: "price.discount" }).count(), 0);
  });
});
