import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createTarget, setExecution } from "../../server/test/harness/api.ts";
import { forSuite } from "../../server/test/harness/cleanup.ts";
import { eventually } from "../../server/test/harness/eventually.ts";
import { startTarget, type TestTarget } from "../../server/test/harness/target.ts";
import { checkAccessible, screenshots, startConsole, type TestConsole } from "./harness/console.ts";

describe("the page Events", () => {
  const suite = forSuite();
  let at: TestConsole;
  let shop: TestTarget;
  before(async () => {
    at = await startConsole(suite);
    shop = await startTarget(suite);
    const id = await createTarget(at.server, { name: "shop", endpoint: shop.url });
    await setExecution(at.server, { event: { event: "order.paid" } }, [id]);
  });

  it("publishes an event, says what is wrong with it first, and links to what came of it", async () => {
    const { page, open } = at;
    await open("/events");
    await page.getByRole("link", { name: "Publish an event" }).click();
    await page.getByLabel("Type", { exact: true }).fill("order.paid");
    await page.getByLabel("Aggregate id").fill("17");
    await page.getByLabel("Idempotency key").fill("once");
    const payload = page.getByLabel("Payload");
    await payload.fill('{"amount": }');
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByText("This is no JSON:").waitFor();
    assert.equal(await payload.getAttribute("aria-invalid"), "true");
    await payload.fill("[1]");
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByText("A payload is a JSON object").waitFor();
    await checkAccessible(page);
    await screenshots(page, "event-publish-violation");
    await payload.fill('{"amount": 12, "currency": "CHF"}');
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByText("The event is published").waitFor();
    await screenshots(page, "event-publish");
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByText("It was published before, under this key").waitFor();
    await page.getByRole("link", { name: "the event", exact: true }).click();
    await page.getByRole("heading", { name: "order.paid", level: 1 }).waitFor();
    await page.getByRole("region", { name: "the payload" }).getByText('"CHF"').waitFor();
    const deliveries = page.getByRole("table", { name: "Deliveries of the event" });
    await deliveries.getByText("● succeeded", { exact: true }).waitFor();
    assert.equal(await deliveries.getByRole("row").count(), 2);
    assert.equal(shop.calls.at(-1)?.body.event_payload.currency, "CHF");
    await checkAccessible(page);
    await page.setViewportSize({ width: 400, height: 800 });
    await page.emulateMedia({ colorScheme: "dark" });
    await checkAccessible(page);
    await page.emulateMedia({ colorScheme: null });
    await page.setViewportSize({ width: 1280, height: 800 });
    await screenshots(page, "event");
  });

  it("says what the server finds wrong", async () => {
    const { page, open, expectErrors } = at;
    expectErrors(/400 \(Bad Request\)/);
    await open("/events/publish?type=target.mine");
    await page.getByLabel("Aggregate id").fill("17");
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByRole("alert").getByText("EVENT_INVALID").waitFor();
    assert.equal(await page.getByLabel("Aggregate type").getAttribute("aria-invalid"), "true");
    await checkAccessible(page);
  });

  it("publishes one like another", async () => {
    const { page, open } = at;
    await open("/events?type=order.paid");
    await page.getByRole("table", { name: "Events" }).getByRole("link", { name: "order.paid" }).click();
    await page.getByRole("link", { name: "Publish one like it" }).click();
    await page.getByRole("button", { name: "Publish" }).waitFor();
    assert.equal(await page.getByLabel("Type", { exact: true }).inputValue(), "order.paid");
    assert.match(await page.getByLabel("Payload").inputValue(), /"currency": "CHF"/);
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByText("It is number 2 of its aggregate.").waitFor();
  });

  it("lists what has happened, by type and aggregate", async () => {
    const { page, open } = at;
    await open("/events");
    const table = page.getByRole("table", { name: "Events" });
    await table.getByRole("link", { name: "target.added" }).waitFor();
    await checkAccessible(page);
    await screenshots(page, "events");
    await page.getByLabel("Type", { exact: true }).fill("order.paid");
    await table.getByRole("link", { name: "target.added" }).waitFor({ state: "hidden" });
    await eventually("the two of the type", async () => (await table.getByRole("row").count()) === 3);
    await page.getByLabel("Aggregate id").fill("18");
    await page.getByText("No event on record is like that.").waitFor();
    assert.match(page.url(), /\?type=order\.paid&aggregateId=18$/);
  });

  it("declares a type, and forgets it once that is confirmed, which can be undone", async () => {
    const { page, open } = at;
    await open("/events");
    await page.getByRole("link", { name: "Types", exact: true }).click();
    const row = (type: string) =>
      page.getByRole("row").filter({ has: page.getByRole("link", { name: type, exact: true }) });
    await row("order.paid").getByText("◆ learned", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Declare a type" }).click();
    await page.getByLabel("Type", { exact: true }).fill("order.sent");
    await page.getByLabel("What it means").fill("The parcel is on its way.");
    await checkAccessible(page);
    await screenshots(page, "event-type-declare");
    await page.getByRole("button", { name: "Declare", exact: true }).click();
    await row("order.sent").getByText("The parcel is on its way.").waitFor();
    assert.equal(await row("target.added").count(), 0);
    await page.getByLabel("Show").selectOption("all");
    await row("target.added").waitFor();
    await page.getByLabel("Show").selectOption("");
    await checkAccessible(page);
    await screenshots(page, "event-types");
    await page.getByRole("button", { name: "Forget order.sent" }).click();
    await page.getByRole("dialog", { name: "Forget order.sent?" }).waitFor();
    await page.getByRole("button", { name: "Forget the type" }).click();
    await row("order.sent").waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "Undo" }).click();
    await row("order.sent").getByText("The parcel is on its way.").waitFor();
  });
});
