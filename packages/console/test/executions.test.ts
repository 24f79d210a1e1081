import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import type { Locator } from "playwright-core";
import { createTarget, setExecution } from "../../server/test/harness/api.ts";
import { forSuite } from "../../server/test/harness/cleanup.ts";
import { eventually } from "../../server/test/harness/eventually.ts";
import { gatewayAddress } from "../../server/test/harness/gateway-address.ts";
import { order, SHOP_PROTOS, shopClient, startShop } from "../../server/test/harness/shop.ts";
import { startTarget, type TestTarget } from "../../server/test/harness/target.ts";
import { checkAccessible, screenshots, startConsole, type TestConsole } from "./harness/console.ts";

const ORDER = "shop.v1.Shop/Order";
const NAMES = ["screen", "price", "audit"] as const;

describe("the page Executions", () => {
  let at: TestConsole;
  let client: ReturnType<typeof shopClient>;
  let hook: TestTarget;
  const suite = forSuite();
  before(async () => {
    const shop = await startShop(suite);
    at = await startConsole(suite, {
      env: {
        INTERPOSE_GATEWAY_LISTEN: "127.0.0.1:0",
        INTERPOSE_GATEWAY_UPSTREAM: `http://${shop.address}`,
        INTERPOSE_GATEWAY_DESCRIPTORS: SHOP_PROTOS,
      },
    });
    at.expectErrors(/400 \(Bad Request\)/);
    client = shopClient(suite, gatewayAddress(at.server));
    hook = await startTarget(suite);
  });

  it("teaches the way to the first execution while there is none", async () => {
    const { page, open } = at;
    await open("/executions");
    await page.getByRole("heading", { name: "Nothing is hooked yet" }).waitFor();
    await page.getByRole("link", { name: "Create a target" }).waitFor();
    await checkAccessible(page);
    await screenshots(page, "executions-empty");
    for (const name of NAMES)
      await createTarget(at.server, {
        name,
        endpoint: `${hook.url}${name}`,
        type: name === "price" ? "restCall" : "restWebhook",
      });
    await page.reload();
    await page.getByRole("link", { name: "Create another target" }).waitFor();
    await page.getByRole("link", { name: "Pick what to hook" }).click();
    await page.getByRole("heading", { name: "What can be hooked" }).waitFor();
  });

  it("shows what can be hooked as a tree that is gone through by keyboard", async () => {
    const { page } = at;
    const tree = page.getByRole("tree", { name: "What can be hooked" });
    await tree.getByRole("treeitem", { name: /^Methods/ }).waitFor();
    await tree.getByRole("treeitem").first().focus();
    const active = (): Promise<string> =>
      page.evaluate(() => document.activeElement?.querySelector(".tree-label")?.textContent ?? "");
    const press = async (...keys: readonly string[]): Promise<string> => {
      for (const key of keys) await page.keyboard.press(key);
      return active();
    };
    assert.equal(await press("End"), "Events");
    assert.equal(await press("ArrowUp"), "Functions");
    assert.equal(await press("Home"), "Methods");
    await page.keyboard.type("shop");
    assert.equal(await active(), "shop.v1.Shop");
    assert.equal(await press("ArrowRight", "ArrowRight"), "Order");
    assert.equal(await press("p"), "Peek");
    assert.equal(await press("ArrowLeft"), "shop.v1.Shop");
    assert.equal(await press("ArrowRight", "Enter"), "");
    await page.getByRole("heading", { name: "Order", exact: true }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Order", "the choice has the focus");
    await checkAccessible(page);
    await screenshots(page, "executions-hook");
  });

  it("finds by a part of a name or a comment as one types, with a link to it", async () => {
    const { page } = at;
    const search = page.getByLabel("Search names and comments");
    await search.fill("without calling anybody");
    await page.getByText("1 method in 1 service").waitFor();
    await page.getByRole("treeitem", { name: /Explain.*Explains one method/ }).waitFor();
    await search.fill("shop.v1.shop/order");
    await page.getByRole("treeitem", { name: "Order" }).click();
    assert.match(page.url(), /search=shop.v1.shop%2Forder/);
    await page.reload();
    await page.getByRole("treeitem", { name: "Order", selected: true }).waitFor();
    await search.fill("nothing is called so");
    await page.getByText("Nothing has “nothing is called so” in its name or comment.").waitFor();
    await search.fill("shop");
    await page.getByRole("treeitem", { name: "Order" }).click();
    await page.getByRole("link", { name: `Hook: Requests of Order in shop.v1.Shop` }).click();
    await page.getByRole("heading", { name: "Requests of Order in shop.v1.Shop" }).waitFor();
    assert.ok(page.url().endsWith(`/executions/${encodeURIComponent(`request/${ORDER}`)}`), page.url());
  });

  it("is set by what a searchable list adds, by keyboard alone", async () => {
    const { page } = at;
    const add = page.getByLabel("Add a target, or all that another execution calls");
    await add.focus();
    for (const name of NAMES) {
      await page.keyboard.type(name);
      await page.getByRole("option", { name }).waitFor();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: `Move ${name}`, exact: true }).waitFor();
    }
    await page.keyboard.type("scr");
    assert.equal(await page.getByRole("option").count(), 0, "what is in the list is not offered again");
    await add.fill("");
    await page.getByLabel("Hidden fields").fill("item");
    await page.getByRole("checkbox", { name: "Shadow: price" }).check();
    await checkAccessible(page);
    await page.getByRole("button", { name: "Set the execution" }).click();
    await page.getByText("Saved: it counts from now on").waitFor();
    await screenshots(page, "execution-saved");
    assert.deepEqual(await listed(), NAMES);
    const { body } = await at.server.request("GET", `/v1/executionOptions/request/${ORDER}`);
    assert.deepEqual(body.options.hiddenFields, ["item"]);
    assert.deepEqual(body.options.shadowTargets, [(await ids())[1]]);
    await page.getByRole("checkbox", { name: "Shadow: price" }).uncheck();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved: it counts from now on").waitFor();
    await called(NAMES);
  });

  it("is reordered by keyboard: taken up, moved, put back or dropped, told of by a live region", async () => {
    const { page } = at;
    const handle = page.getByRole("button", { name: "Move audit", exact: true });
    await handle.focus();
    await page.keyboard.press("Space");
    await page.getByText("audit is taken up, at place 3 of 3.").waitFor();
    assert.equal(await handle.getAttribute("aria-pressed"), "true");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    await page.getByText("audit is at place 1 of 3.").waitFor();
    assert.deepEqual(await shown(), ["audit", "screen", "price"]);
    await checkAccessible(page);
    await screenshots(page, "execution-reordering");
    await page.keyboard.press("Escape");
    await page.getByText("audit is back at place 3 of 3.").waitFor();
    assert.deepEqual(await shown(), NAMES);
    await page.keyboard.press("Space");
    await page.keyboard.press("Home");
    await page.keyboard.press("Space");
    await page.getByText("audit is dropped at place 1 of 3.").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "Move audit");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved: it counts from now on").waitFor();
    assert.deepEqual(await listed(), ["audit", "screen", "price"]);
    await called(["audit", "screen", "price"]);
  });

  it("is reordered by dragging, and by buttons", async () => {
    const { page } = at;
    const [from, to] = [await middle(handleOf("price")), await middle(handleOf("audit"))];
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(from.x, (from.y + to.y) / 2, { steps: 5 });
    await page.mouse.move(to.x, to.y - 8, { steps: 5 });
    assert.deepEqual(await shown(), ["price", "audit", "screen"]);
    await page.mouse.up();
    await page.getByRole("button", { name: "Move audit down" }).click();
    assert.deepEqual(await shown(), ["price", "screen", "audit"]);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved: it counts from now on").waitFor();
    await called(["price", "screen", "audit"]);
  });

  it("asks before changes that are not saved are left", async () => {
    const { page } = at;
    await page.getByRole("button", { name: "Take out screen" }).click();
    await page.getByRole("link", { name: "Targets", exact: true }).click();
    await page.getByRole("dialog", { name: "Leave without saving?" }).waitFor();
    await checkAccessible(page);
    await page.getByRole("button", { name: "Stay here" }).click();
    assert.deepEqual(await shown(), ["price", "audit"]);
    await page.getByRole("button", { name: "Discard changes" }).click();
    await page.getByRole("link", { name: "Targets", exact: true }).click();
    await page.getByRole("heading", { name: "Targets" }).waitFor();
  });

  it("draws includes, and names the way of a circle that would be closed, before and after the server does", async () => {
    const { page, open } = at;
    const [target = ""] = await ids();
    await setExecution(at.server, { event: { group: "shared" } }, [target]);
    await setExecution(at.server, { request: { service: "shop.v1.Shop" } }, [
      { include: { event: { group: "shared" } } },
    ]);
    await setExecution(at.server, { response: { service: "shop.v1.Shop" } }, [
      { include: { request: { service: "shop.v1.Shop" } } },
      target,
    ]);
    await open("/executions/includes");
    const picture = page.getByRole("group", { name: "Executions, with lines to what they include" });
    await picture.getByRole("link", { name: "Every event below shared" }).waitFor();
    assert.equal(await picture.locator(".edge").count(), 2);
    await page.getByText("The same as a list").click();
    await page.locator(".include-list .include-list .include-list").getByText("Every event below shared").waitFor();
    await checkAccessible(page);
    await screenshots(page, "executions-includes");
    await picture.getByRole("link", { name: "Every event below shared" }).click();
    await page.getByRole("heading", { name: "Every event below shared" }).waitFor();
    await page.getByLabel("Add a target, or all").fill("every response of shop");
    await page.getByRole("option", { name: /Every response of shop/ }).click();
    const way = "event/shared.* → response/shop.v1.Shop → request/shop.v1.Shop → event/shared.*";
    await page.getByText(`It closes a circle: ${way}.`).waitFor();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("alert").getByText(`The includes lead in a circle: ${way}.`).waitFor();
    await checkAccessible(page);
    await screenshots(page, "execution-circle");
    await page.getByRole("button", { name: "Discard changes" }).click();
  });

  it("warns of other versions, and says what is wrong with an option at the option", async () => {
    const { page, open } = at;
    const [target = ""] = await ids();
    await setExecution(at.server, { request: { method: "/zitadel.action.v2.ActionService/GetTarget" } }, [target]);
    await open("/executions/request/zitadel.action.v2.ActionService/GetTarget");
    await page.getByText("Calls of other versions pass it by").waitFor();
    await page.getByRole("radio", { name: "Every version" }).check();
    await page.getByLabel("Hidden fields").fill("no.such.field");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("matches no field in requests").first().waitFor();
    assert.equal(await page.getByLabel("Hidden fields").getAttribute("aria-invalid"), "true");
    await page.getByLabel("Hidden fields").fill("");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved: it counts from now on").waitFor();
    assert.equal(await page.getByText("Calls of other versions pass it by").count(), 0);
    await checkAccessible(page);
  });

  it("lists what is set by kind, with its targets in order, and deletes once it is confirmed", async () => {
    const { page, open } = at;
    await open("/executions");
    const row = page.getByRole("row", { name: "Requests of Order in shop.v1.Shop" });
    await row.waitFor();
    assert.deepEqual(await row.getByRole("listitem").allTextContents(), ["price", "screen", "audit"]);
    for (const name of ["Requests", "Responses", "Events"]) await page.getByRole("heading", { name }).waitFor();
    await checkAccessible(page);
    await screenshots(page, "executions");
    await open("/executions/hook?search=shop&at=method+shop.v1.Shop%2FOrder");
    await page.getByRole("treeitem", { name: /Order.*hooked: request.*hooked: response/ }).waitFor();
    await page.getByRole("link", { name: "Edit: Requests of Order in shop.v1.Shop" }).waitFor();
    await page.getByRole("link", { name: "Hook: Responses of Order in shop.v1.Shop" }).waitFor();
    await checkAccessible(page);
    await screenshots(page, "executions-hooked");
    await open("/executions");
    await page.getByLabel("Search").fill("audit");
    await page.getByRole("heading", { name: "Responses" }).waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Requests of Order in shop.v1.Shop" }).click();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog", { name: "Delete the execution?" }).waitFor();
    await checkAccessible(page);
    await page.getByRole("button", { name: "Delete the execution" }).click();
    await page.getByText("The execution is deleted.").waitFor();
    await page.getByRole("row", { name: "Requests of Order in shop.v1.Shop" }).waitFor({ state: "detached" });
    assert.equal(await execution(), undefined);
  });

  const handleOf = (name: string): Locator => at.page.getByRole("button", { name: `Move ${name}`, exact: true });

  async function middle(locator: Locator): Promise<{ x: number; y: number }> {
    const box = await locator.boundingBox();
    if (!box) throw new Error("it is not on the page");
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  }

  /** The entries as the page shows them, from top to bottom. */
  function shown(): Promise<string[]> {
    return at.page.locator(".sortable .entry a").allTextContents();
  }

  async function execution(): Promise<any> {
    const { body } = await at.server.request("POST", "/v3alpha/executions/search", {});
    return body.result?.find(({ Condition: { request } }: any) => request?.method === `/${ORDER}`);
  }

  /** Ids of the targets, in the order of NAMES. */
  async function ids(): Promise<readonly string[]> {
    const { body } = await at.server.request("POST", "/v3alpha/targets/search", {});
    return NAMES.map((name) => body.result.find((each: any) => each.name === name).targetId);
  }

  /** Names of what the execution calls, as the API has it. */
  async function listed(): Promise<readonly string[]> {
    const known = await ids();
    return (await execution()).targets.map(({ target }: any) => NAMES[known.indexOf(target)]);
  }

  /** Places an order, and checks in which order the targets are called for it. */
  async function called(names: readonly string[]): Promise<void> {
    await eventually("the targets are called in this order", async () => {
      hook.calls.length = 0;
      await order(client, { item: "tea", count: 1 });
      return hook.calls.map(({ path }) => path.slice(1)).join() === names.join();
    });
  }
});
