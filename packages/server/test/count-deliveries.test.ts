import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createTarget, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { eventually } from "./harness/eventually.ts";
import { startServer, type TestServer } from "./harness/server.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";

describe("CountDeliveries", () => {
  const suite = forSuite();
  let server: TestServer;
  let hook: TestTarget;
  before(async () => {
    hook = await startTarget(suite);
    server = await startServer(suite);
  });
  const count = async (): Promise<any> => {
    const { status, body } = await server.request("GET", "/v1/deliveries:count");
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  };
  const stateOf = ({ states }: any, state: string): number =>
    Number(states.find((each: any) => each.state === `DELIVERY_STATE_${state}`).count ?? 0);
  const publish = async (type: string): Promise<void> => {
    const event = { type, aggregateType: "order", aggregateId: "1", payload: {} };
    const { status, body } = await server.request("POST", "/v1/events:publish", event);
    assert.equal(status, 200, JSON.stringify(body));
  };

  it("has every state once, and no target, where there is nothing", async () => {
    const found = await count();
    assert.equal(found.states.length, 9);
    assert.equal(new Set(found.states.map(({ state }: any) => state)).size, 9);
    assert.deepEqual(found.targets ?? [], []);
  });

  it("counts what is held and what is dead, by state and by target", async () => {
    const held = await createTarget(server, { endpoint: hook.url, name: "held" });
    const refusing = await createTarget(server, { endpoint: hook.url, name: "refusing" });
    await setExecution(server, { event: { event: "order.held" } }, [held]);
    await setExecution(server, { event: { event: "order.dead" } }, [refusing]);
    assert.equal((await server.request("POST", `/v1/targets/${held}:pause`, {})).status, 200);
    hook.reply({ body: { forwardedStatusCode: 400 } });
    for (const type of ["order.held", "order.held", "order.dead"]) await publish(type);
    await eventually("the refused delivery is dead", async () => stateOf(await count(), "DEAD") === 1);
    const found = await count();
    assert.equal(stateOf(found, "HELD"), 2);
    assert.equal(stateOf(found, "WAITING"), 0);
    assert.deepEqual(
      found.targets.map(({ targetName, heldCount, deadCount }: any) => [targetName, heldCount, deadCount]),
      [
        ["refusing", undefined, "1"],
        ["held", "2", undefined],
      ],
    );
  });
});
