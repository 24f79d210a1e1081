import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createTarget, setExecution } from "../../server/test/harness/api.ts";
import { forSuite } from "../../server/test/harness/cleanup.ts";
import { startTarget } from "../../server/test/harness/target.ts";
import { checkAccessible, screenshots, startConsole, type TestConsole } from "./harness/console.ts";

const LIST = "/zitadel.action.v2.ActionService/ListTargets";
const GET = "/zitadel.action.v2.ActionService/GetTarget";

describe("the page Explain", () => {
  let at: TestConsole;
  const suite = forSuite();
  before(async () => {
    at = await startConsole(suite);
    const hook = await startTarget(suite);
    const screen = await createTarget(at.server, { name: "screen", endpoint: `${hook.url}?key=secret` });
    const denied = await createTarget(at.server, {
      name: "denied",
      endpoint: "http://169.254.169.254/",
      type: "restCall",
    });
    await setExecution(at.server, { event: { group: "shared" } }, [screen, denied]);
    await setExecution(at.server, { request: { method: GET } }, [{ include: { event: { group: "shared" } } }]);
  });

  it("asks by suggestions, says that nothing hooks it, what is nearest, and leads to hooking it", async () => {
    const { page, open } = at;
    await open("/explain");
    await checkAccessible(page);
    await screenshots(page, "explain-empty");
    await page.getByLabel("Method").fill("v2.ActionService listtargets");
    await page.getByRole("option", { name: LIST }).waitFor();
    await checkAccessible(page);
    await screenshots(page, "explain-suggestions");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByText("Nothing hooks it", { exact: true }).waitFor();
    await page.getByText(/no execution is set on the method, its service, or all requests/).waitFor();
    assert.ok(page.url().endsWith(`?kind=request&method=${encodeURIComponent(LIST)}`), page.url());
    await page.getByRole("link", { name: `request${GET}` }).waitFor();
    assert.equal(await page.locator(".ladder li").count(), 3);
    await checkAccessible(page);
    await screenshots(page, "explain-unhooked");
    await page.getByRole("link", { name: "Hook it" }).click();
    await page.getByRole("heading", { name: "Requests of ListTargets in zitadel.action.v2.ActionService" }).waitFor();
  });

  it("explains what hooks a method by a link alone: who wins, each target with its includes, obstacles and effects", async () => {
    const { page, open } = at;
    await open(`/explain?${new URLSearchParams({ kind: "request", method: GET }).toString()}`);
    await page.getByText("It is hooked", { exact: true }).waitFor();
    await page
      .locator(".ladder .wins")
      .getByRole("link", { name: `request${GET}` })
      .waitFor();
    const steps = page.locator(".plan > li");
    assert.equal(await steps.count(), 2);
    await steps.nth(0).getByRole("link", { name: "screen" }).waitFor();
    await steps.nth(0).getByRole("link", { name: "event/shared.*" }).waitFor();
    assert.doesNotMatch((await steps.nth(0).textContent()) ?? "", /secret/);
    await steps
      .nth(1)
      .getByText(/egress_denied: its endpoint may not be called from here/)
      .waitFor();
    await steps.nth(0).getByText("What comes of a failure").click();
    await steps
      .nth(0)
      .getByRole("row", { name: /timeout/ })
      .getByText("refused")
      .waitFor();
    await checkAccessible(page);
    await screenshots(page, "explain");
  });

  it("explains events and functions, and says what a name may have meant", async () => {
    const { page } = at;
    await page.getByLabel("What happens").selectOption({ label: "An event is recorded" });
    await page.getByLabel("Type of the event").fill("target.aded");
    await page.getByRole("button", { name: "Explain" }).click();
    await page.getByRole("link", { name: "target.added" }).click();
    await page.getByText("Nothing hooks it", { exact: true }).waitFor();
    assert.match(page.url(), /\?kind=event&event=target.added$/);
    await page.getByRole("link", { name: "Watch deliveries" }).waitFor();
    await checkAccessible(page);
  });

  it("shows why it cannot be answered", async () => {
    const { page, open } = at;
    at.expectErrors(/400 \(Bad Request\)/);
    await open("/explain?kind=request&method=nothing");
    await page
      .getByRole("alert")
      .getByText(/Write it as/)
      .waitFor();
    await checkAccessible(page);
  });
});
