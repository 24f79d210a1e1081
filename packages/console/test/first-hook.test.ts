// From the first start to the first call that a target sees, by what the console shows alone.
import assert from "node:assert/strict";
import { it } from "node:test";
import { expectCalls } from "../../server/test/harness/api.ts";
import { eventually } from "../../server/test/harness/eventually.ts";
import { startServer, type TestServer } from "../../server/test/harness/server.ts";
import { startTarget } from "../../server/test/harness/target.ts";
import { signIn, startConsole } from "./harness/console.ts";

it("leads who has read nothing from the first start to the first hooked call", async (t) => {
  const server = await startServer(t, { env: { INTERPOSE_ADMIN_TOKEN: undefined } });
  const token = /^ {2}Token {4}(ipt_\S+)$/m.exec(server.stdout())?.[1] ?? assert.fail(server.stdout());
  const asAdmin: Pick<TestServer, "request"> = {
    request: (verb, path, body, options) => server.request(verb, path, body, { token, ...options }),
  };
  const hook = await startTarget(t);
  const { page } = await startConsole(t, { server, isSignedIn: false });
  await page.goto(server.url);
  await signIn(page, token);

  await page.getByRole("link", { name: "Executions" }).click();
  await page.getByRole("heading", { name: "Nothing is hooked yet" }).waitFor();
  await page.getByRole("link", { name: "Create a target" }).click();
  await page.getByLabel("Name").fill("my first target");
  await page.getByLabel("Endpoint").fill(hook.url);
  await page.getByRole("button", { name: "Create the target" }).click();
  await page.getByRole("button", { name: "I have kept it" }).click();
  await page.getByRole("heading", { name: "my first target" }).waitFor();
  await expectCalls(asAdmin);

  await page.getByRole("link", { name: "Executions" }).click();
  await page.getByRole("link", { name: "Pick what to hook" }).click();
  await page.getByLabel("Search names and comments").fill("publishevent");
  await page.getByRole("treeitem", { name: /^PublishEvent / }).click();
  await page.getByRole("link", { name: "Hook: Requests of PublishEvent in interpose.v1.EventService" }).click();
  await page.getByLabel("Add a target, or all that another execution calls").click();
  await page.getByRole("option", { name: "my first target" }).click();
  await page.getByRole("button", { name: "Set the execution" }).click();
  await page.getByText("Saved: it counts from now on").waitFor();

  await eventually("a call is hooked", async () => {
    const { status } = await asAdmin.request("POST", "/v1/events:publish", {
      type: "order.placed",
      aggregateType: "order",
      aggregateId: "1",
      payload: {},
    });
    assert.equal(status, 200);
    return hook.calls.length > 0;
  });
  assert.equal(hook.calls[0]?.body.fullMethod, "/interpose.v1.EventService/PublishEvent");
  await page.getByRole("status").getByRole("link", { name: "Watch runs" }).click();
  await page.getByRole("heading", { name: "Runs" }).waitFor();
  await page.getByRole("link", { name: "PublishEvent" }).first().click();
  await page
    .getByRole("button", { name: /my first target/ })
    .first()
    .waitFor();
  await page.getByRole("link", { name: "Explain" }).last().click();
  await page.getByText("It is hooked", { exact: true }).waitFor();
  await page.getByText(/1 call within the hour, none failed/).waitFor();
});
