import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { createTarget, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { actionClient } from "./harness/clients.ts";
import { listedExecution, search, type JsonDetails } from "./harness/searches.ts";
import { startServer, type TestServer } from "./harness/server.ts";

describe("details", () => {
  let server: TestServer;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
  });

  let count = 0;
  const newCondition = (): unknown => ({ event: { event: `details.test.${++count}` } });
  /** Its payload type is the one that it was created with: another one is a change, and counts. */
  const newTarget = (): Promise<string> =>
    createTarget(server, { endpoint: "https://example.com/", payloadType: "json" });
  /** Carries out a manipulation and answers its details. */
  const manipulate = async (verb: string, path: string, body?: unknown): Promise<JsonDetails> => {
    const answer = await server.request(verb, path, body);
    assert.ok(answer.status === 200 || answer.status === 201, JSON.stringify(answer.body));
    assert.deepEqual(Object.keys(answer.body.details), ["sequence", "changeDate", "resourceOwner"]);
    return answer.body.details;
  };
  const detailsOfTarget = async (id: string): Promise<JsonDetails> => {
    const { body } = await server.request("GET", `/v3alpha/targets/${id}`);
    const { result } = await search(server, "targets", { queries: [{ inTargetIdsQuery: { targetIds: [id] } }] });
    assert.deepEqual(result?.[0].details, body.target.details);
    return body.target.details;
  };
  const sequencesOf = (details: readonly JsonDetails[]): number[] => details.map(({ sequence }) => Number(sequence));
  const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);
  const assertInOrder = (details: readonly JsonDetails[]): void => {
    const dates = details.map(({ changeDate }) => Date.parse(changeDate));
    assert.deepEqual(
      dates,
      [...dates].sort((a, b) => a - b),
    );
    assert.equal(new Set(details.map(({ resourceOwner }) => resourceOwner)).size, 1);
  };

  it("count each target's history by itself, and are read as they were answered", async () => {
    const [one, two] = [await newTarget(), await newTarget()];
    const changes: JsonDetails[] = [await detailsOfTarget(one)];
    for (const timeout of ["1s", "2s", "3s"]) {
      changes.push(await manipulate("PUT", `/v3alpha/targets/${one}`, { timeout }));
      assert.deepEqual(await detailsOfTarget(one), changes.at(-1));
    }
    assert.equal((await detailsOfTarget(two)).sequence, "1");
    changes.push(await manipulate("DELETE", `/v3alpha/targets/${one}`));
    assert.deepEqual(sequencesOf(changes), [1, 2, 3, 4, 5]);
    assertInOrder(changes);
  });

  it("count each execution's history by itself, whatever happens to its targets", async () => {
    const [condition, other] = [newCondition(), newCondition()];
    const target = await newTarget();
    const set = await setExecution(server, condition, [target]);
    assert.deepEqual((await listedExecution(server, condition))?.details, set);
    await manipulate("PUT", `/v3alpha/targets/${target}`, { timeout: "1s" });
    const elsewhere = await setExecution(server, other, [target]);
    assert.deepEqual([set.sequence, elsewhere.sequence], ["1", "1"]);
    assert.equal(set.resourceOwner, elsewhere.resourceOwner);
    assert.deepEqual((await listedExecution(server, condition))?.details, set);
  });

  it("go on after an execution is deleted and set again", async () => {
    const condition = newCondition();
    const [one, two] = [await newTarget(), await newTarget()];
    const remove = (): Promise<JsonDetails> => manipulate("DELETE", "/v3alpha/executions", { condition });
    const changes = [
      await setExecution(server, condition, [one]),
      await setExecution(server, condition, [two, one]),
      await remove(),
      await setExecution(server, condition, [two, one]),
    ];
    assert.deepEqual((await listedExecution(server, condition))?.details, changes.at(-1));
    changes.push(await remove(), await setExecution(server, condition, [one]));
    assert.deepEqual(sequencesOf(changes), [1, 2, 3, 4, 5, 6]);
    assertInOrder(changes);
  });

  it("stay when the same list is set again, and change with its order", async () => {
    const condition = newCondition();
    const [one, two] = [await newTarget(), await newTarget()];
    const first = await setExecution(server, condition, [one, two]);
    const { details: before } = await search(server, "executions");
    assert.deepEqual(await setExecution(server, condition, [one, two]), first);
    assert.deepEqual((await search(server, "executions")).details, before);
    assert.equal((await setExecution(server, condition, [two, one])).sequence, "2");
  });

  it("are the same over gRPC as over REST", async () => {
    const client = actionClient(server, "gRPC over HTTP/2");
    const target = await newTarget();
    const name = `details.test.${++count}`;
    const condition = {
      conditionType: { case: "event", value: { condition: { case: "event", value: name } } },
    } as const;
    const { details } = await client.setExecution({
      condition,
      targets: [{ type: { case: "target", value: target } }],
    });
    const listed = (await listedExecution(server, { event: { event: name } }))?.details;
    assert.equal(details?.sequence, 1n);
    assert.equal(listed?.sequence, "1");
    assert.equal(details.resourceOwner, listed.resourceOwner);
    assert.ok(details.changeDate);
    assert.equal(timestampDate(details.changeDate).toISOString(), new Date(listed.changeDate).toISOString());
  });

  it("number twenty different lists that are set at once from 1 to 20, and the last one stands", async () => {
    const condition = newCondition();
    const targets = await Promise.all(Array.from({ length: 20 }, newTarget));
    const lists = targets.map((target, i) => [target, targets[(i + 1) % 20] ?? ""]);
    const details = await Promise.all(lists.map((list) => setExecution(server, condition, list)));
    const order = [...details.keys()].sort((a, b) => Number(details[a]?.sequence) - Number(details[b]?.sequence));
    const inOrder = order.flatMap((i) => details[i] ?? []);
    assert.deepEqual(sequencesOf(inOrder), upTo(20));
    assertInOrder(inOrder);
    assert.deepEqual(await listedExecution(server, condition), {
      Condition: condition,
      details: inOrder.at(-1),
      targets: lists[order.at(-1) ?? 0]?.map((target) => ({ target })),
    });
  });

  it("never fork and never skip a sequence when twenty writers set two lists by turns", async () => {
    const condition = newCondition();
    const lists = [[await newTarget()], [await newTarget()]];
    const written = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => ({
        list: i % 2,
        details: await setExecution(server, condition, lists[i % 2] ?? []),
      })),
    );
    // A writer that finds its list set already adds no event, and answers with the details of whoever set it.
    const bySequence = new Map<number, { list: number; details: JsonDetails }>();
    for (const each of written) {
      const sequence = Number(each.details.sequence);
      assert.deepEqual(bySequence.get(sequence) ?? each, each, "one sequence, one event");
      bySequence.set(sequence, each);
    }
    const last = bySequence.size;
    assert.deepEqual(
      [...bySequence.keys()].sort((a, b) => a - b),
      upTo(last),
    );
    for (const sequence of upTo(last - 1)) {
      assert.notEqual(bySequence.get(sequence)?.list, bySequence.get(sequence + 1)?.list, "the lists take turns");
    }
    const listed = await listedExecution(server, condition);
    assert.deepEqual(listed?.details, bySequence.get(last)?.details);
    assert.deepEqual(
      listed?.targets,
      lists[bySequence.get(last)?.list ?? 0]?.map((target) => ({ target })),
    );
  });

  it("never fork and never skip a sequence when setting and deleting meet", async () => {
    const condition = newCondition();
    const target = await newTarget();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        i % 2 === 0
          ? server.request("PUT", "/v3alpha/executions", { condition, targets: [{ target }] })
          : server.request("DELETE", "/v3alpha/executions", { condition }),
      ),
    );
    const sequences = new Set<number>();
    for (const { status, body } of answers) {
      if (status === 200) sequences.add(Number(body.details.sequence));
      else assert.equal(body.details[0].id, "COMMAND-suq2upd3rt");
    }
    const inOrder = [...sequences].sort((a, b) => a - b);
    assert.deepEqual(inOrder, upTo(inOrder.length));
    const listed = await listedExecution(server, condition);
    // Odd events set, even ones delete.
    assert.equal(listed?.details.sequence, inOrder.length % 2 === 1 ? String(inOrder.length) : undefined);
  });

  it("number the changes of one target that are made at once without a gap", async () => {
    const target = await newTarget();
    const details = await Promise.all(
      Array.from({ length: 20 }, (_, i) => manipulate("PUT", `/v3alpha/targets/${target}`, { timeout: `${i + 10}s` })),
    );
    assert.deepEqual(
      sequencesOf(details).sort((a, b) => a - b),
      upTo(20).map((each) => each + 1),
    );
    assert.equal((await detailsOfTarget(target)).sequence, "21");
  });

  it("are in a list that is asked for right after each set, by many writers at once", async () => {
    const targets = [await newTarget(), await newTarget()];
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        const condition = newCondition();
        for (let i = 0; i < 6; i++) {
          const target = targets[i % 2] ?? "";
          const details = await setExecution(server, condition, [target]);
          const expected = { Condition: condition, details, targets: [{ target }] };
          assert.deepEqual(await listedExecution(server, condition), expected);
          assert.equal(details.sequence, String(i + 1));
        }
      }),
    );
  });
});
