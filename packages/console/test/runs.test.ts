import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createTarget, methodName, setExecution } from "../../server/test/harness/api.ts";
import { forSuite } from "../../server/test/harness/cleanup.ts";
import { eventually } from "../../server/test/harness/eventually.ts";
import { startTarget, type TestTarget } from "../../server/test/harness/target.ts";
import { checkAccessible, screenshots, startConsole, type TestConsole } from "./harness/console.ts";

const CREATE = methodName("CreateTarget");

describe("the page Runs", () => {
  const suite = forSuite();
  let at: TestConsole;
  let audit: TestTarget;
  let changer: TestTarget;
  let changerId = "";
  let counted = 0;
  before(async () => {
    at = await startConsole(suite);
    audit = await startTarget(suite);
    changer = await startTarget(suite);
  });

  /** A call of the API that is hooked; answers its status. */
  const callHooked = async (name = `made ${++counted}`): Promise<number> => {
    const body = { name, endpoint: audit.url, timeout: "5s", restAsync: {} };
    return (await at.server.request("POST", "/v3alpha/targets", body)).status;
  };

  /** The run of the page, as the API has it. */
  const recorded = async (): Promise<any> => {
    const [, id] = /\/runs\/(\d+)/.exec(at.page.url()) ?? [];
    return (await at.server.request("GET", `/v1/runs/${id}`)).body;
  };

  it("teaches how to see a first run", async () => {
    const { page, open } = at;
    await open("/runs");
    await page.getByRole("heading", { name: "Nothing has run yet" }).waitFor();
    await page.getByRole("link", { name: "Create a target" }).waitFor();
    await page.getByText("● Live", { exact: true }).waitFor();
    await checkAccessible(page);
    await screenshots(page, "runs-empty");
  });

  it("shows a run when it happens, and says so", async () => {
    const { page, server } = at;
    const auditId = await createTarget(server, { name: "audit", endpoint: audit.url });
    changerId = await createTarget(server, { name: "name changer", endpoint: changer.url, type: "restCall" });
    const asyncId = await createTarget(server, { name: "told later", endpoint: audit.url, type: "restAsync" });
    await setExecution(server, { request: { method: CREATE } }, [auditId, changerId, asyncId]);
    audit.reply(async () => {
      await new Promise((resolve) => setTimeout(resolve, 40));
      return {};
    });
    changer.reply(async () => {
      await new Promise((resolve) => setTimeout(resolve, 80));
      return { body: { name: `changed ${counted}` } };
    });
    assert.equal(await callHooked(), 201);
    await page.getByRole("link", { name: "CreateTarget", exact: true }).waitFor();
    await page.getByRole("status", { name: "New runs" }).getByText("1 new run", { exact: true }).waitFor();
    await page.getByRole("table", { name: "Runs" }).getByText("◆ changed", { exact: true }).waitFor();
  });

  it("draws the calls of a run in time, with what each was sent and answered", async () => {
    const { page } = at;
    await page.getByRole("link", { name: "CreateTarget", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "CreateTarget: request changed", level: 1 }).waitFor();
    await page.getByText("It names this very method").waitFor();
    const calls = page.getByRole("button", { name: /^\d\. / });
    assert.equal(await calls.count(), 3);
    const [first, second, third] = await Promise.all(
      (await page.locator(".waterfall-bar").all()).map((bar) => bar.boundingBox()),
    );
    assert.ok(first && second && third);
    assert.ok(second.x >= first.x + first.width - 3, "the second begins where the first ends");
    const [{ durationMs: firstMs }, { durationMs: secondMs }] = (await recorded()).calls;
    assert.ok(
      Math.abs(second.width / first.width / (secondMs / firstMs) - 1) < 0.2,
      "bars are as long as the calls took",
    );
    const changed = page.getByRole("button", {
      name: /^2\. name changer ?, began at .*, took .*, .*200.*, changed the message$/,
    });
    await page.getByRole("button", { name: /^3\. told later ?, .*not waited for/ }).waitFor();
    await changed.focus();
    await page.keyboard.press("Enter");
    assert.equal(await changed.getAttribute("aria-expanded"), "true");
    assert.match(page.url(), /\?call=2$/);
    await page.getByRole("region", { name: "the payload of call 2" }).getByText(CREATE).waitFor();
    await page.getByRole("region", { name: "the reply of call 2" }).getByText('"changed 1"').waitFor();
    const byCall = page.getByRole("table", { name: "What changed in the message by call 2" });
    assert.equal(await byCall.getByRole("row").nth(1).innerText(), 'name\t"made 1"\t"changed 1"');
    const whole = page.getByRole("table", { name: "What changed in the message", exact: true });
    assert.equal(await whole.getByRole("row").nth(1).innerText(), 'name\t"made 1"\t"changed 1"');
    await page.getByRole("region", { name: "the message before the run" }).getByText('"made 1"').waitFor();
    await page.getByRole("region", { name: "the message after the run" }).getByText('"changed 1"').waitFor();
    await page.getByText("The same as a table").click();
    const rows = page.getByRole("table", { name: "Calls of the run" }).getByRole("row");
    assert.match(await rows.nth(2).innerText(), /^2\. name changer\t.*ms\t.*ms\t200\tchanged the message$/);
    await checkAccessible(page);
    await page.setViewportSize({ width: 400, height: 800 });
    await page.emulateMedia({ colorScheme: "dark" });
    await checkAccessible(page);
    await page.emulateMedia({ colorScheme: null });
    await page.setViewportSize({ width: 1280, height: 800 });
    await screenshots(page, "run");
  });

  it("has links to what can be asked about it, and to what it is made of", async () => {
    const { page } = at;
    const { run } = await recorded();
    const href = (name: string): Promise<string | null> =>
      page.getByRole("main").getByRole("link", { name, exact: true }).first().getAttribute("href");
    assert.equal(await href("Try this again"), `/console/try?run=${run.id}`);
    assert.equal(await href("Explain"), `/console/explain?kind=request&method=${encodeURIComponent(CREATE)}`);
    assert.equal(await href("name changer"), `/console/targets/${changerId}`);
    assert.equal(await href(`request${CREATE}`), `/console/executions/${encodeURIComponent(`request${CREATE}`)}`);
  });

  it("keeps still while it is paused, and while somebody points at it", async () => {
    const { page, open } = at;
    await open("/runs");
    const table = page.getByRole("table", { name: "Runs" });
    await page.getByText("● Live", { exact: true }).waitFor();
    const rowCount = async (): Promise<number> => (await table.getByRole("row").count()) - 1;
    const before = await rowCount();
    const newRuns = page.getByRole("status", { name: "New runs" });
    await page.getByRole("button", { name: "Pause" }).click();
    await callHooked();
    await page.getByRole("button", { name: "Show 1 new" }).waitFor();
    assert.equal(await newRuns.textContent(), "", "nothing is announced");
    assert.equal(await rowCount(), before);
    await page.getByRole("button", { name: "Go on" }).click();
    await eventually("the run that waited", async () => (await rowCount()) === before + 1);
    await table.getByRole("row").nth(1).hover();
    await callHooked();
    const show = page.getByRole("button", { name: "Show 1 new" });
    await show.waitFor();
    assert.equal(await rowCount(), before + 1);
    await show.click();
    await eventually("the run that waited for the pointer", async () => (await rowCount()) === before + 2);
  });

  it("finds what failed, keeps filters in the address, and says what a caller was told", async () => {
    const { page } = at;
    changer.reply({ status: 503 });
    assert.notEqual(await callHooked(), 201);
    await page.getByLabel("With a failed call").check();
    const table = page.getByRole("table", { name: "Runs" });
    await table.getByText("■ refused", { exact: true }).waitFor();
    await eventually("the one that failed", async () => (await table.getByRole("row").count()) === 2);
    assert.match(page.url(), /\?failed=yes$/);
    await page.getByLabel("Target", { exact: true }).selectOption({ label: "name changer" });
    await page.reload();
    await table.getByText("■ refused", { exact: true }).waitFor();
    assert.equal(await page.getByLabel("Target", { exact: true }).inputValue(), changerId);
    await checkAccessible(page);
    await screenshots(page, "runs");
    await table.getByRole("link", { name: "CreateTarget", exact: true }).click();
    await page.getByText("The caller was refused: TARGET_FAILED").waitFor();
    await page.getByRole("button", { name: /^2\. name changer ?, .*503.*, failed, and refused the message/ }).click();
    await page.getByText("answered 503").waitFor();
    await page.getByText("It was refused, so nothing became of it.").waitFor();
    await checkAccessible(page);
    await screenshots(page, "run-refused");
  });

  it("shows what a shadow would have changed, beside what was done", async () => {
    const { page, server, open } = at;
    changer.reply({ body: { name: "as it is now" } });
    const beside = await startTarget(suite, async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return { body: { name: "as it may be" } };
    });
    const id = await createTarget(server, { name: "next version", endpoint: beside.url, type: "restCall" });
    await setExecution(server, { request: { method: CREATE } }, [changerId, id]);
    const options = await server.request("PATCH", `/v1/executionOptions/request${CREATE}`, { shadowTargets: [id] });
    assert.equal(options.status, 200, JSON.stringify(options.body));
    assert.equal(await callHooked(), 201);
    const runs = async (): Promise<any> => (await server.request("GET", `/v1/runs?targetId=${id}`)).body.runs;
    await eventually("it is on record", async () => (await runs())?.length === 1);
    await open("/runs");
    await page.getByRole("link", { name: "CreateTarget", exact: true }).first().click();
    const shadow = page.getByRole("button", { name: /^2\. next version ?, .*shadow: compared, never applied$/ });
    await shadow.click();
    await page.getByRole("heading", { name: "How the message would differ, had it been applied" }).waitFor();
    await page.getByText("changed the message not as beside it").waitFor();
    const differences = page.getByRole("table", { name: "What changed in the message by call 2" });
    assert.equal(await differences.getByRole("row").nth(1).innerText(), 'name\t"as it is now"\t"as it may be"');
    await checkAccessible(page);
    await screenshots(page, "run-shadow");
    await setExecution(server, { request: { method: CREATE } }, [changerId]);
  });

  it("says what is on no record like that, and goes from page to page", async () => {
    const { page, open } = at;
    await open("/runs?function=none");
    await page.getByText("No run on record is like that.").waitFor();
    await screenshots(page, "runs-none");
    await page.getByLabel("Function", { exact: true }).fill("");
    await page.getByLabel("Method, as /package.Service/Method").fill(CREATE);
    await page.getByRole("table", { name: "Runs" }).waitFor();
    await page.getByLabel("Begun before").fill("2026-01-01T00:00");
    await page.getByText("No run on record is like that.").waitFor();
    await page.getByText("○ Not followed", { exact: true }).waitFor();
    await page.getByLabel("Begun before").fill("");
    await page.getByRole("table", { name: "Runs" }).waitFor();
    changer.reply({});
    audit.reply({});
    for (let i = 0; i < 60; i++) await callHooked();
    await open("/runs");
    const table = page.getByRole("table", { name: "Runs" });
    await page.getByRole("button", { name: "Show more" }).click();
    await eventually("all runs", async () => (await table.getByRole("row").count()) === 66);
    await page.getByRole("button", { name: "Show more" }).waitFor({ state: "hidden" });
  });

  it("says how many runs are not on record", async () => {
    const { page, open } = at;
    // To be too much for the store takes more than a test may: the answer is the server's, but for this number.
    await page.route("**/interpose.v1.RunService/ListRuns", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), droppedCount: "1234" } });
    });
    await open("/runs");
    await page.getByText("1,234 runs are not on record").waitFor();
    await page.unroute("**/interpose.v1.RunService/ListRuns");
  });

  it("says truthfully that it is not live while the server is away", async () => {
    const { page, server } = at;
    at.expectErrors(/Failed to load resource|ERR_|net::/);
    await page.getByText("● Live", { exact: true }).waitFor();
    await server.stop();
    await page.getByText("Not live: trying again").waitFor();
    await screenshots(page, "runs-not-live");
  });
});
