// Targets that want what they are sent encrypted, while there is no key to encrypt it to.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import type { Database } from "../src/store/database.ts";
import { createTarget, expectCalls, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { publish, storeOf } from "./harness/events.ts";
import { eventually } from "./harness/eventually.ts";
import { assertRefused } from "./harness/refusals.ts";
import { startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";
import { nextPublicKey } from "./harness/test-keys.ts";

const METHOD = "/zitadel.action.v2.ActionService/GetTarget";

/** Keys that a target can have, and that nothing is encrypted to. */
const KEYS = ["no key", "an inactive key", "an expired key"] as const;

describe("a target that wants JWE, and has no key to encrypt to", () => {
  const suite = forSuite();
  let server: TestServer;
  let database: Database;
  let hook: TestTarget;
  before(async () => {
    server = await startServer(suite);
    database = await storeOf(suite, server);
    hook = await startTarget(suite);
  });

  async function ask(verb: string, path: string, body?: unknown): Promise<any> {
    const answer = await server.request(verb, path, body, { headers: { "interpose-bypass": "true" } });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }
  const keysOf = (id: string, rest = ""): string => `/v2/actions/targets/${id}/publickeys${rest}`;
  const addKey = async (id: string): Promise<string> =>
    (await ask("POST", keysOf(id), { publicKey: Buffer.from(nextPublicKey()).toString("base64") })).keyId;
  const activate = (id: string, keyId: string): Promise<unknown> => ask("POST", keysOf(id, `/${keyId}/activate`), {});

  async function targetWith(keys: (typeof KEYS)[number], interruptOnError: boolean): Promise<string> {
    const target = { endpoint: hook.url, type: "restCall", interruptOnError, payloadType: "json" } as const;
    const id = await createTarget(server, target);
    if (keys !== "no key") {
      const keyId = await addKey(id);
      if (keys === "an expired key") {
        await activate(id, keyId);
        // The API takes no date that has passed; the change that follows has the server read the key anew.
        const text = "update interpose.public_keys set expires_at = clock_timestamp() where id = $1";
        await database.query({ text, values: [keyId] });
      }
    }
    await ask("POST", `/v2/actions/targets/${id}`, { payloadType: "PAYLOAD_TYPE_JWE" });
    await expectCalls(server, id);
    return id;
  }

  /** Calls that a target can be in the way of. */
  const CALLS: readonly {
    readonly title: string;
    readonly condition: object;
    readonly call: (id: string) => Promise<JsonAnswer>;
  }[] = [
    ...["request", "response"].map((side) => ({
      title: `a ${side}`,
      condition: { [side]: { method: METHOD } },
      call: (id: string) => server.request("GET", `/v2/actions/targets/${id}`),
    })),
    {
      title: "a function",
      condition: { function: { name: "preuserinfo" } },
      call: () => server.request("POST", "/v1/functions/preuserinfo:invoke", { input: {} }),
    },
  ];
  for (const { title, condition, call } of CALLS) {
    for (const keys of KEYS) {
      it(`with ${keys}, is sent nothing of ${title}, which is refused where it interrupts, and goes on where it does not`, async () => {
        hook.calls.length = 0;
        const interrupting = await targetWith(keys, true);
        await setExecution(server, condition, [interrupting]);
        const says = /cannot be sent a message that is signed or encrypted as it wants it/;
        assertRefused(await call(interrupting), {
          status: 500,
          code: 13,
          reason: "TARGET_FAILED",
          id: "EXEC-2n8fhs7g",
          says,
        });
        await setExecution(server, condition, [await targetWith(keys, false)]);
        assert.equal((await call(interrupting)).status, 200);
        assert.equal(hook.calls.length, 0);

        // With a key that is of use, both are called.
        await activate(interrupting, await addKey(interrupting));
        await expectCalls(server, interrupting);
        await setExecution(server, condition, [interrupting]);
        assert.equal((await call(interrupting)).status, 200);
        assert.deepEqual(
          hook.calls.map(({ payloadType }) => payloadType),
          ["jwe"],
        );
        await ask("DELETE", "/v3alpha/executions", { condition });
      });
    }
  }

  for (const keys of KEYS) {
    it(`with ${keys}, is told of an event again and again, on record, until there is one`, async () => {
      hook.calls.length = 0;
      const id = await targetWith(keys, false);
      const delays = Array.from({ length: 50 }, () => "1s");
      await ask("PATCH", `/v1/targets/${id}/settings`, { delivery: { retry: { delays } } });
      const type = `sealed.n${KEYS.indexOf(keys)}`;
      await setExecution(server, { event: { event: type } }, [id]);
      const event = await publish(server, { type, aggregateId: "1", payload: { amount: 12 } });
      const [{ id: delivery }] = (await ask("GET", `/v1/deliveries?eventPosition=${event.id}`)).deliveries;
      const recorded = (): Promise<any> => ask("GET", `/v1/deliveries/${delivery}`);
      const attempts = await eventually("it was tried again", async () => {
        const { attempts: made = [] }: { readonly attempts?: readonly any[] } = await recorded();
        return made.length < 2 ? undefined : made;
      });
      for (const { failure, status, decision, detail } of attempts) {
        assert.deepEqual([failure, status, decision], ["unsealable", undefined, "ATTEMPT_DECISION_RETRY"]);
        assert.equal(detail, "the target has no active key to encrypt to");
      }
      assert.equal(hook.calls.length, 0);

      await activate(id, await addKey(id));
      await expectCalls(server, id);
      const done = await eventually("it succeeded", async () => {
        const answer = await recorded();
        return answer.delivery.state === "DELIVERY_STATE_SUCCEEDED" && answer;
      });
      const { failure, status, decision } = done.attempts.at(-1);
      assert.deepEqual([failure, status, decision], [undefined, 200, "ATTEMPT_DECISION_SUCCEEDED"]);
      assert.deepEqual(
        hook.calls.map(({ payloadType, body }) => [payloadType, body.event_type, body.event_payload]),
        [["jwe", type, { amount: 12 }]],
      );
    });
  }
});
