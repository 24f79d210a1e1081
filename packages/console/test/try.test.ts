import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createTarget, methodName, setExecution } from "../../server/test/harness/api.ts";
import { forSuite } from "../../server/test/harness/cleanup.ts";
import { eventually } from "../../server/test/harness/eventually.ts";
import { startTarget, type TestTarget } from "../../server/test/harness/target.ts";
import { checkAccessible, screenshots, startConsole, type TestConsole } from "./harness/console.ts";

const CREATE = methodName("CreateTarget");
const FUNCTION = { function: { name: "preaccesstoken" } };

describe("the page Try", () => {
  let at: TestConsole;
  let hook: TestTarget;
  let next: TestTarget;
  let current: string;
  let candidate: string;
  const suite = forSuite();
  before(async () => {
    at = await startConsole(suite);
    hook = await startTarget(suite);
    next = await startTarget(suite);
    current = await createTarget(at.server, { name: "claims", endpoint: hook.url, type: "restCall" });
    candidate = await createTarget(at.server, { name: "claims, next", endpoint: next.url, type: "restCall" });
  });
  const send = () => at.page.getByRole("button", { name: "Send", exact: true });
  const outcome = () => at.page.locator(".try-outcome");

  it("makes a sample of a method, sends it to one target, and shows what it was sent and answered", async () => {
    const { page, open } = at;
    hook.reply({ body: { name: "renamed" } });
    await open("/try");
    await page.getByRole("heading", { name: "What would happen, if …" }).waitFor();
    await checkAccessible(page);
    await screenshots(page, "try-empty");
    await page.getByRole("combobox", { name: "Method" }).fill("v3alpha CreateTarget");
    await page.getByRole("option", { name: CREATE }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForURL(/method=.*CreateTarget/);
    assert.equal(
      await page.evaluate(() => document.activeElement?.getAttribute("role")),
      "combobox",
      "the focus stays",
    );
    await page.getByLabel("Who is called").selectOption("claims");
    const field = page.getByLabel("Request", { exact: true });
    await field.waitFor();
    assert.match(page.url(), new RegExp(`target=${current}`));
    assert.equal(typeof JSON.parse(await field.inputValue()).name, "string");
    await field.fill('{"name": "orders", "endpoint": "https://a.example.com/", "timeout": "1s", "restAsync": {}}');
    await send().press("Enter");
    await outcome().getByText("changed").waitFor();
    await outcome().getByText("One target alone was called").waitFor();
    await page.getByRole("row", { name: "name" }).getByText('"renamed"').first().waitFor();
    await page.getByRole("region", { name: "the payload of call 1" }).getByText('"orders"').waitFor();
    await page.getByRole("region", { name: "the reply of call 1" }).getByText('"renamed"').waitFor();
    await page.getByText("Headers that it was sent").click();
    await page.getByRole("row", { name: "interpose-purpose" }).getByText("try").waitFor();
    assert.equal(hook.calls.length, 1);
    await checkAccessible(page);
    await screenshots(page, "try");
  });

  it("says at once where the sample is no JSON, and sends nothing", async () => {
    const { page } = at;
    const field = page.getByLabel("Request", { exact: true });
    await field.fill('{"name": ');
    await page.getByText(/This is no JSON/).waitFor();
    await send().click();
    assert.equal(hook.calls.length, 1);
    await page.getByRole("button", { name: "Back to the sample" }).click();
    assert.equal(await field.getAttribute("aria-invalid"), "false");
  });

  it("carries out the whole plan, and shows what a caller would be answered, and what would not be valid", async () => {
    const { page, server } = at;
    await setExecution(server, { request: { method: CREATE } }, [current, candidate]);
    await page.getByLabel("Who is called").selectOption("All that its execution calls");
    await page.getByLabel("Request", { exact: true }).fill('{"name": "orders"}');
    hook.reply({ body: { name: "" } });
    next.reply({});
    await send().click();
    await page.getByText("The message would not be valid after it").waitFor();
    await page.getByRole("heading", { name: "The 2 calls" }).waitFor();
    hook.reply({ status: 403, body: "not today" });
    await send().click();
    await outcome().getByText("refused").waitFor();
    await page.getByText("A caller would be answered this error").waitFor();
    await page.getByText("TARGET_FAILED").waitFor();
    await checkAccessible(page);
    await screenshots(page, "try-refused");
    await server.request("DELETE", "/v3alpha/executions", { condition: { request: { method: CREATE } } });
  });

  it("says of a method that nobody knows that it is not known", async () => {
    const { page, open } = at;
    at.expectErrors(/404 \(Not Found\)/);
    await open("/try?method=/a.B/C");
    await page
      .getByRole("alert")
      .getByText(/no method "\/a\.B\/C"/)
      .waitFor();
    await checkAccessible(page);
  });

  it("tries responses, functions and events", async () => {
    const { page, open } = at;
    hook.reply({});
    await open(`/try?kind=response&method=${CREATE}&target=${current}`);
    await page.getByLabel("Request that it answers", { exact: true }).fill('{"name": "asked"}');
    await page.getByLabel("Response", { exact: true }).fill('{"id": "answered"}');
    await send().click();
    const payload = page.getByRole("region", { name: "the payload of call 1" });
    await payload.getByText('"asked"').waitFor();
    await payload.getByText('"answered"').waitFor();
    await open(`/try?kind=event&event=order.placed&target=${current}`);
    await page.getByLabel("Payload of the event", { exact: true }).fill('{"item": "tea"}');
    await send().click();
    await page.getByRole("region", { name: "the payload of call 1" }).getByText('"tea"').waitFor();
    await page.getByLabel("What happens").selectOption("Function");
    await page.getByRole("combobox", { name: "Function" }).fill("preuserinfo");
    await page.keyboard.press("Enter");
    await page.getByLabel("Input", { exact: true }).waitFor();
    await send().click();
    await outcome().getByText("One target alone was called").waitFor();
  });

  it("takes the sample from a run on record", async () => {
    const { page, open, server } = at;
    await setExecution(server, FUNCTION, [current]);
    hook.reply(({ body }) => ({ body: { append_claims: [{ key: "level", value: Number(body.user.id) }] } }));
    for (const id of ["1", "2", "3"])
      await server.request("POST", "/v1/functions/preaccesstoken:invoke", { input: { user: { id } } });
    const newest = await eventually("the runs are on record", async () => {
      const { body } = await server.request("GET", `/v1/runs?targetId=${current}`);
      return body.runs?.length === 3 && String(body.runs[0].id);
    });
    await open(`/try?run=${newest}`);
    await page.getByText("The sample is taken from the record").waitFor();
    const field = page.getByLabel("Input", { exact: true });
    assert.deepEqual(JSON.parse(await field.inputValue()), { user: { id: "3" } });
    assert.equal(await page.getByRole("combobox", { name: "Function" }).inputValue(), "preaccesstoken");
    await send().click();
    await outcome().getByText("function/preaccesstoken").waitFor();
    await page.getByRole("button", { name: "Make one from the description instead" }).click();
    await page.getByText("The sample is taken from the record").waitFor({ state: "detached" });
    await open(`/try?target=${current}`);
    await page.getByRole("link", { name: "function preaccesstoken" }).click();
    await page.getByLabel("Input", { exact: true }).waitFor();
  });

  it("rehearses another version of a target, and tells which runs would have been different", async () => {
    const { page } = at;
    next.reply(({ body }) => ({
      body: { append_claims: [{ key: "level", value: body.user.id === "2" ? "two" : Number(body.user.id) }] },
    }));
    next.calls.length = 0;
    await page.getByRole("link", { name: "Rehearse", exact: true }).click();
    await page.getByLabel("Target on record").selectOption("claims");
    await page.getByText("3 runs are like that.").waitFor();
    await page.getByLabel("Candidate").selectOption("claims, next");
    await checkAccessible(page);
    await screenshots(page, "rehearse-form");
    await page.getByRole("button", { name: "Rehearse" }).press("Enter");
    await page.getByText("1 run would have been different, 2 runs the same.").waitFor();
    await page.getByText("Rehearsed: 3 of 3").waitFor();
    assert.equal(next.calls.length, 3);
    await page.getByLabel("Show").selectOption("different ones");
    const different = page.locator("details.try-call");
    assert.equal(await different.count(), 1);
    await different.locator("summary").click();
    const row = different.getByRole("row", { name: "append_claims[0].value" });
    await row.locator("del").getByText("2", { exact: true }).waitFor();
    await row.locator("ins").getByText('"two"').waitFor();
    await checkAccessible(page);
    await screenshots(page, "rehearse");
  });

  it("rehearses another address, can be stopped, and says what it came to until then", async () => {
    const { page } = at;
    next.reply("hang");
    await page.getByLabel("Another address of the same target").check();
    await page.getByLabel("Address", { exact: true }).fill(next.url);
    await page.getByLabel("Function", { exact: true }).fill("preaccesstoken");
    await page.getByText("3 runs are like that.").waitFor();
    await page.getByRole("button", { name: "Rehearse" }).click();
    await page.getByText("Rehearsing: 0 of 3").waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped. No run was repeated.").waitFor();
    assert.equal(await page.getByRole("button", { name: "Stop" }).count(), 0);
  });

  it("says what stands against a rehearsal", async () => {
    const { page } = at;
    await page.getByLabel("Address", { exact: true }).fill("ftp://a.example.com/");
    await page.getByRole("button", { name: "Rehearse" }).click();
    await page.getByRole("alert").waitFor();
    await checkAccessible(page);
  });
});
