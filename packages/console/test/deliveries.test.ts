import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createTarget, setExecution } from "../../server/test/harness/api.ts";
import { forSuite } from "../../server/test/harness/cleanup.ts";
import { publish } from "../../server/test/harness/events.ts";
import { eventually } from "../../server/test/harness/eventually.ts";
import { startTarget, type TestTarget } from "../../server/test/harness/target.ts";
import { checkAccessible, screenshots, startConsole, type TestConsole } from "./harness/console.ts";

const DEAD_COUNT = 30;

describe("the page Deliveries", () => {
  const suite = forSuite();
  let at: TestConsole;
  let billing: TestTarget;
  let billingId = "";
  before(async () => {
    at = await startConsole(suite);
    billing = await startTarget(suite);
  });

  const ask = async (verb: string, path: string, body?: object): Promise<any> => {
    const answer = await at.server.request(verb, path, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  };
  const countOf = async (state: string): Promise<number> => {
    const { deliveries = [] } = await ask("GET", `/v1/deliveries?states=DELIVERY_STATE_${state}&pageSize=1000`);
    return deliveries.length;
  };
  const order = (aggregateId: number): Promise<unknown> =>
    publish(at.server, { type: "order.paid", aggregateId: String(aggregateId), payload: { amount: 12 } });

  it("teaches how to see a first delivery", async () => {
    const { page, open } = at;
    await open("/deliveries");
    await page.getByRole("heading", { name: "No event was delivered yet" }).waitFor();
    await checkAccessible(page);
    await screenshots(page, "deliveries-empty");
  });

  it("shows deliveries as they come and change", async () => {
    const { page, server } = at;
    billingId = await createTarget(server, { name: "billing", endpoint: billing.url });
    await ask("PATCH", `/v1/targets/${billingId}/settings`, { delivery: { retry: { delays: ["0.05s"] } } });
    await setExecution(server, { event: { event: "order.paid" } }, [billingId]);
    await page.getByText("● Live", { exact: true }).waitFor();
    await order(1);
    const table = page.getByRole("table", { name: "Deliveries" });
    await table.getByText("● succeeded", { exact: true }).waitFor();
    await page.getByRole("status", { name: "New deliveries" }).getByText("1 new delivery", { exact: true }).waitFor();
  });

  it("finds what failed for good, and why, attempt by attempt", async () => {
    const { page, server } = at;
    billing.reply({ status: 500, body: { problem: "no such account" } });
    for (let id = 2; id < 2 + DEAD_COUNT; id++) await order(id);
    await eventually(
      "all dead letters",
      async () => {
        // A target that fails is left alone for a while; resumed, it is told at once.
        await server.request("POST", `/v1/targets/${billingId}:resume`, {});
        return (await countOf("DEAD")) === DEAD_COUNT;
      },
      60_000,
    );
    await page.getByRole("link", { name: "Dead letters" }).click();
    const table = page.getByRole("table", { name: "Deliveries" });
    await eventually("the dead letters", async () => (await table.getByRole("row").count()) === DEAD_COUNT + 1);
    await checkAccessible(page);
    await screenshots(page, "deliveries-dead");
    await table.getByRole("link", { name: "order.paid" }).first().click();
    await page.getByRole("heading", { name: "Delivery of order.paid" }).waitFor();
    await page.getByText("It failed for good. It can be sent again.").waitFor();
    const attempts = page.locator(".attempts > li");
    assert.equal(await attempts.count(), 2);
    assert.match(await attempts.nth(0).innerText(), /^Attempt 1\s+▲\s+failed, is tried again\s+status 500/);
    assert.match(await attempts.nth(1).innerText(), /^Attempt 2\s+■\s+failed for good\s+status 500/);
    await page.getByRole("region", { name: "the reply of attempt 2" }).getByText("no such account").waitFor();
    await page.getByRole("region", { name: "the event's payload" }).getByText('"amount": 12').waitFor();
    assert.equal(
      await page.getByRole("main").getByRole("link", { name: "Explain" }).getAttribute("href"),
      "/console/explain?kind=event&event=order.paid",
    );
    await checkAccessible(page);
    await page.setViewportSize({ width: 400, height: 800 });
    await page.emulateMedia({ colorScheme: "dark" });
    await checkAccessible(page);
    await page.emulateMedia({ colorScheme: null });
    await page.setViewportSize({ width: 1280, height: 800 });
    await screenshots(page, "delivery-dead");
  });

  it("has a target that is mended told of it by hand, and follows that", async () => {
    const { page, server } = at;
    billing.reply({});
    // Its last failures may have opened its breaker again, which would hold back for half a minute what is sent by hand.
    assert.equal((await server.request("POST", `/v1/targets/${billingId}:resume`, {})).status, 200);
    const before = billing.calls.length;
    await page.getByRole("button", { name: "Redeliver" }).click();
    await page.getByText("The delivery goes on: it is due at once.").waitFor();
    await page.locator(".facts").getByText("● succeeded", { exact: true }).waitFor();
    await page.getByText("Attempt 3").waitFor();
    assert.equal(billing.calls.length, before + 1);
    await screenshots(page, "delivery");
  });

  it("redelivers those that are selected, by keyboard alone", async () => {
    const { page, open } = at;
    await open("/deliveries/dead");
    const boxes = page.getByRole("checkbox", { name: /^Select delivery / });
    await boxes.first().focus();
    await page.keyboard.press("Space");
    await boxes.nth(1).focus();
    await page.keyboard.press("Space");
    const redeliver = page.getByRole("button", { name: "Redeliver 2", exact: true });
    await redeliver.focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Redeliver 2 deliveries?" });
    await dialog.waitFor();
    await checkAccessible(page);
    await dialog.getByRole("button", { name: "Redeliver 2" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("2 were set going again.").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await eventually("two that are dead no more", async () => (await countOf("DEAD")) === DEAD_COUNT - 3);
  });

  it("replays those that are selected, and leaves these as they are", async () => {
    const { page, open } = at;
    await open("/deliveries/dead");
    const boxes = page.getByRole("checkbox", { name: /^Select delivery / });
    await boxes.first().waitFor();
    const [count, told] = [await boxes.count(), billing.calls.length];
    for (const i of [0, 2]) await boxes.nth(i).check();
    await page.getByRole("button", { name: "Replay 2", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Replay 2 deliveries?" });
    await dialog.getByRole("button", { name: "Replay 2" }).click();
    await page.getByText("2 were replayed.", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await eventually("both are told", () => billing.calls.length === told + 2);
    assert.equal(await boxes.count(), count);
    assert.equal(await countOf("DEAD"), DEAD_COUNT - 3);
  });

  it("replays all that match, once they are counted, and shows how far it is", async () => {
    const { page, open } = at;
    await open(`/deliveries/dead?target=${billingId}`);
    const before = billing.calls.length;
    let calls = 0;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    // The second call of the replay waits, so that there is something to look at.
    await page.route("**/interpose.v1.DeliveryService/ReplayDeliveries", async (route) => {
      if (++calls === 3) await held;
      await route.continue();
    });
    await page.getByRole("button", { name: "Replay all …" }).click();
    const left = DEAD_COUNT - 3;
    await page.getByRole("dialog", { name: `Replay ${left} deliveries?` }).waitFor();
    await screenshots(page, "deliveries-replay-ask");
    assert.equal(billing.calls.length, before, "counting changes nothing");
    await page.getByRole("button", { name: `Replay ${left}` }).click();
    await page.getByText(`Replaying: 10 of ${left}`).waitFor();
    const bar = page.getByRole("progressbar", { name: "Replaying" });
    assert.equal(await bar.getAttribute("value"), "10");
    await checkAccessible(page);
    await screenshots(page, "deliveries-replay");
    await page.getByRole("button", { name: "Stop" }).click();
    release();
    await page.getByText("Stopped. 20 were replayed.").waitFor();
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText(`${left} were replayed.`, { exact: true }).waitFor();
    await screenshots(page, "deliveries-replay-done");
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await eventually("all told", () => billing.calls.length === before + left);
    assert.equal(calls, 4);
    await page.unroute("**/interpose.v1.DeliveryService/ReplayDeliveries");
  });

  it("cancels what waits, once it is confirmed, and takes that back", async () => {
    const { page, open } = at;
    await ask("POST", `/v1/targets/${billingId}:pause`, { reason: "a test" });
    await order(100);
    await open("/deliveries/open");
    await page.getByRole("link", { name: "order.paid" }).click();
    await page.locator(".facts").getByText("▲ held", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("dialog", { name: "Cancel this delivery?" }).waitFor();
    await checkAccessible(page);
    await page.getByRole("button", { name: "Cancel the delivery" }).click();
    await page.locator(".facts").getByText("○ cancelled", { exact: true }).waitFor();
    await page.getByText("by hand", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.locator(".facts").getByText("▲ held", { exact: true }).waitFor();
    await open("/deliveries?states=held,dead&type=order.paid");
    await page.getByRole("button", { name: "Cancel all …" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel 1" }).click();
    await page.getByText("1 was cancelled.").waitFor();
    assert.equal(await countOf("HELD"), 0);
    await page.getByRole("button", { name: "Close", exact: true }).click();
  });

  it("leads from a dead letter to its target, which is mended there, and told of all that it missed", async () => {
    const { page, server, open } = at;
    const wrong = await startTarget(suite, { status: 404 });
    const mended = await startTarget(suite);
    const id = await createTarget(server, { name: "ledger", endpoint: wrong.url });
    await ask("PATCH", `/v1/targets/${id}/settings`, { delivery: { retry: { delays: [] } } });
    await setExecution(server, { event: { event: "invoice.sent" } }, [id]);
    for (const aggregateId of ["1", "2", "3"]) await publish(server, { type: "invoice.sent", aggregateId });
    await open("/deliveries/dead?type=invoice.sent");
    const table = page.getByRole("table", { name: "Deliveries" });
    await eventually("three dead letters", async () => (await table.getByRole("row").count()) === 4);
    await table.getByText("its target answered with an error status").first().waitFor();
    await table.getByRole("link", { name: "ledger" }).first().click();
    await page.getByRole("heading", { name: "ledger", exact: true }).waitFor();
    await page.getByRole("link", { name: "Edit" }).click();
    await page.getByLabel("Endpoint").fill(mended.url);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "ledger", exact: true }).waitFor();
    await page.getByRole("link", { name: "Deliveries", exact: true }).click();
    await page.getByRole("link", { name: "Dead letters" }).click();
    await page.getByLabel("Target", { exact: true }).selectOption({ label: "ledger" });
    await page.getByRole("checkbox", { name: "Select the 3 shown" }).check();
    await page.getByRole("button", { name: "Redeliver 3", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Redeliver 3", exact: true }).click();
    await page.getByText("3 were set going again.").waitFor();
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await eventually("all told", () => mended.calls.length === 3);
    await page.getByText("There is no dead letter: nothing failed for good.").waitFor();
  });

  it("has filters in the address, and states as chips", async () => {
    const { page, open } = at;
    await open("/deliveries");
    await page.getByRole("checkbox", { name: "succeeded" }).check();
    await page.getByLabel("Event type").fill("order.paid");
    const table = page.getByRole("table", { name: "Deliveries" });
    await table.getByText("● succeeded", { exact: true }).first().waitFor();
    await eventually("the address", () => page.url().endsWith("?states=succeeded&type=order.paid"));
    await checkAccessible(page);
    await screenshots(page, "deliveries");
    await page.getByLabel("Event type").fill("none");
    await page.getByText("No delivery on record is like that.").waitFor();
  });
});
