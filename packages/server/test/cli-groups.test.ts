// The groups of the command line that only a server serves, against a started one.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { createTarget, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { checkRefused, WAYS, type CommandLine } from "./harness/command-line.ts";
import { eventually } from "./harness/eventually.ts";
import { ADMIN_TOKEN, startInterpose, startServer, temporaryDirectory, type TestServer } from "./harness/server.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";
import { nextPublicKey } from "./harness/test-keys.ts";

describe("the command line's groups", () => {
  const suite = forSuite();
  let server: TestServer;
  let hook: TestTarget;
  let cli: CommandLine;
  let folder: string;
  before(async () => {
    server = await startServer(suite);
    hook = await startTarget(suite);
    cli = WAYS["by its API"](server);
    folder = await temporaryDirectory(suite);
  });
  const fileWith = async (text: string): Promise<string> => {
    const file = join(folder, `${Math.random()}`);
    await writeFile(file, text);
    return file;
  };
  const environment = (): Readonly<Record<string, string>> => ({
    INTERPOSE_URL: server.url,
    INTERPOSE_TOKEN: ADMIN_TOKEN,
  });

  it("publishes events, one or several, lists and shows them", async () => {
    const publish = ["--type", "order.paid", "--aggregate-id", "42", "--payload", '{"amount": 12}', "--key", "k1"];
    const place = await cli.documented("events publish", ...publish);
    assert.equal(place.sequence, "1");
    assert.equal((await cli.json("events", "publish", ...publish)).repeated, true);
    const batch = await fileWith(
      JSON.stringify([
        { type: "order.sent", aggregateId: "42" },
        { type: "order.sent", aggregateId: "43" },
      ]),
    );
    const { events: places } = await cli.json("events", "publish", "--batch", `@${batch}`);
    assert.deepEqual(
      places.map(({ sequence }: { sequence: string }) => sequence),
      ["2", "1"],
    );

    const event = await cli.documented("events get", place.id);
    assert.deepEqual([event.type, event.aggregateType, event.payload], ["order.paid", "order", { amount: 12 }]);
    assert.deepEqual((await cli.lines("events", "get", place.id)).slice(0, 3), [
      `Event      ${place.id}`,
      "Type       order.paid",
      "Aggregate  order/42, #1",
    ]);
    const { events } = await cli.documented("events list", "--type", "order.paid");
    assert.deepEqual(
      events.map(({ id }: { id: string }) => id),
      [place.id],
    );
    assert.equal(
      (await cli.json("events", "list", "--aggregate-type", "order", "--since", "1h", "--limit", "2")).events.length,
      2,
    );
    assert.deepEqual(await cli.lines("events", "list", "--before", "2020-01-01"), ["There are no such events."]);
    const [heading = "", row = ""] = await cli.lines("events", "list", "--type", "order.paid");
    assert.match(heading, /^ID +TIME +TYPE +AGGREGATE +# +BY$/);
    assert.match(row, new RegExp(`^${place.id} +20\\d\\d-\\S+ \\S+Z +order\\.paid +order/42 +1 +\\S+$`));
  });

  it("declares and forgets types of events", async () => {
    const declared = await cli.documented("events declare", "order.late", "--description", "an order is late");
    assert.equal(declared.kind, "EVENT_TYPE_KIND_DECLARED");
    const { eventTypes } = await cli.json("events", "types");
    assert.ok(eventTypes.some(({ type }: { type: string }) => type === "order.late"));
    assert.deepEqual(await cli.documented("events forget", "order.late"), { type: "order.late" });
  });

  it("declares functions, changes, invokes and removes them", async () => {
    const id = await createTarget(server, { endpoint: hook.url, type: "restCall" });
    hook.reply({ body: { total: 36 } });
    const schema = await fileWith('{"type": "object", "required": ["amount"]}');
    const options = ["--description", "what a basket costs", "--input-schema", `@${schema}`];
    const created = await cli.documented("functions create", "price", ...options);
    assert.deepEqual(created.inputSchema, { type: "object", required: ["amount"] });
    await setExecution(server, { function: { name: "price" } }, [id]);
    assert.deepEqual(await cli.documented("functions invoke", "price", "--input", '{"amount": 3}'), {
      output: { total: 36 },
    });
    const changed = await cli.json("functions", "update", "price", "--no-input-schema", "--description", "costs");
    assert.deepEqual([changed.description, changed.inputSchema], ["costs", undefined]);
    assert.equal((await cli.json("functions", "get", "price")).description, "costs");
    const { functions } = await cli.json("functions", "list");
    assert.ok(functions.some(({ name }: { name: string }) => name === "price"));
    await cli.json("executions", "delete", "function/price");
    assert.deepEqual(await cli.documented("functions delete", "price"), { name: "price" });
    hook.reply({});
  });

  it("shows deliveries with their attempts, sends them again, and cancels and replays many", async () => {
    const id = await createTarget(server, { endpoint: hook.url });
    await setExecution(server, { event: { event: "told.once" } }, [id]);
    hook.reply({ body: { forwardedStatusCode: 400, forwardedErrorMessage: "no\u001b[31m" } });
    for (const aggregateId of ["1", "2"])
      await cli.json("events", "publish", "--type", "told.once", "--aggregate-id", aggregateId);
    const dead = await eventually("both are dead", async () => {
      const { deliveries } = await cli.json("deliveries", "list", "--target", id, "--state", "dead");
      return deliveries.length === 2 && deliveries;
    });
    await cli.documented("deliveries list", "--target", id, "--state", "dead");
    const shown = await cli.documented("deliveries get", dead[0].id);
    assert.deepEqual([shown.delivery.state, shown.attempts[0].status], ["DELIVERY_STATE_DEAD", 200]);
    const text = (await cli.lines("deliveries", "get", dead[0].id)).join("\n");
    assert.match(text, /State +dead: refused/);
    assert.match(text, /1 +20\d\d-\S+ \S+Z +200 +\d+(\.\d)? ms +dead +refused/);
    assert.match(text, /Reply to 1: .*forwardedStatusCode/);
    assert.doesNotMatch(text, /\u001b/, "nothing that a terminal obeys");

    hook.reply({});
    const again = await cli.json("deliveries", "redeliver", dead[0].id);
    assert.equal(again.id, dead[0].id);
    await eventually(
      "it is told",
      async () => (await cli.json("deliveries", "get", dead[0].id)).delivery.state === "DELIVERY_STATE_SUCCEEDED",
    );

    const replay = ["deliveries", "replay", "--target", id, "--state", "dead"];
    assert.deepEqual(await cli.json(...replay, "--dry-run"), { count: 1, gone: 0, dryRun: true });
    assert.match(await cli.refused(2, ...replay), /^1 deliveries to replay\. Go on\? Nobody is there to ask/);
    assert.deepEqual(await cli.documented("deliveries replay", ...replay.slice(2), "--yes"), {
      count: 1,
      gone: 0,
      dryRun: false,
    });
    assert.deepEqual(await cli.lines("deliveries", "replay", ...dead.map((each: { id: string }) => each.id), "--yes"), [
      "Replayed 2 deliveries.",
    ]);

    await cli.json("targets", "pause", id, "--reason", "maintenance");
    for (const aggregateId of ["3", "4", "5"])
      await cli.json("events", "publish", "--type", "told.once", "--aggregate-id", aggregateId);
    const [held] = (await cli.json("deliveries", "list", "--target", id, "--state", "held")).deliveries;
    assert.equal((await cli.json("deliveries", "cancel", held.id)).state, "DELIVERY_STATE_CANCELLED");
    assert.deepEqual(await cli.lines("deliveries", "cancel", "--target", id, "--yes"), ["Cancelled 2 deliveries."]);
    const queue = await cli.documented("targets queue", id);
    assert.equal(queue.state, "QUEUE_STATE_PAUSED");
    assert.match((await cli.lines("targets", "queue", id))[0] ?? "", /^paused by operator since \S+ \S+: maintenance$/);
    assert.equal((await cli.json("targets", "resume", id)).state, "QUEUE_STATE_ACTIVE");
  });

  it("follows deliveries until Ctrl-C", async (t) => {
    const id = await createTarget(server, { endpoint: hook.url });
    await setExecution(server, { event: { event: "watched.now" } }, [id]);
    const watching = startInterpose(t, ["deliveries", "watch", "--target", id, "--json"], environment());
    await eventually("it is connected", () => watching.stderr().includes("connected"), 60_000);
    await cli.json("events", "publish", "--type", "watched.now", "--aggregate-id", "1");
    await eventually("it is told of its end", () => watching.stdout().includes("DELIVERY_STATE_SUCCEEDED"));
    assert.equal(await watching.stop(), 0);
    for (const line of watching.stdout().trimEnd().split("\n")) assert.equal(JSON.parse(line).targetId, id);
  });

  it("shows and changes targets", async () => {
    const id = await createTarget(server, { endpoint: "https://example.com/hook", name: "shown" });
    const shown = await cli.documented("targets get", id);
    assert.deepEqual([shown.name, shown.type, shown.interruptOnError], ["shown", "webhook", true]);
    const changed = await cli.json(
      "targets",
      "update",
      id,
      "--type",
      "call",
      "--timeout",
      "2s",
      "--no-interrupt-on-error",
    );
    assert.deepEqual(
      [changed.type, changed.timeoutMs, changed.interruptOnError, changed.name],
      ["call", 2000, false, "shown"],
    );
    assert.equal((await cli.json("targets", "update", id, "--interrupt-on-error")).type, "call");

    const settings = await cli.documented("targets settings", id, "--retry", "10s", "1m", "--max-concurrency", "5");
    assert.deepEqual(settings.delivery, { retry: { delays: ["10s", "60s"] }, maxConcurrency: 5, maxPerSecond: 0 });
    assert.equal((await cli.json("targets", "settings", id, "--no-retry")).delivery.retry.delays.length, 10);
    assert.deepEqual(
      await cli.json("targets", "settings", id),
      await cli.json("targets", "settings", id, "--no-egress-allow"),
    );

    const secret = "a secret value of a header";
    const outbound = await cli.documented(
      "targets outbound",
      id,
      "--header-file",
      `X-Api-Key=${await fileWith(secret)}`,
    );
    assert.deepEqual(Object.keys(outbound.headers), ["x-api-key"]);
    assert.deepEqual(await cli.lines("targets", "outbound", id), ["headers: x-api-key (their values are secret)"]);
    assert.equal((await cli.json("targets", "outbound", id, "--remove-header", "x-api-key")).headers, undefined);
    const instance = await cli.documented(
      "instance outbound",
      "--origin",
      "https://*.corp",
      "--header-file",
      `x-from=${await fileWith(secret)}`,
    );
    assert.deepEqual(instance.origins, ["https://*.corp"]);
  });

  it("rotates signing keys, and looks after public keys", async () => {
    // Without a public key, which one of JWE has.
    const id = await createTarget(server, { endpoint: "https://example.com/keys", payloadType: "json" });
    const rotated = await cli.documented("targets rotate-key", id, "--grace", "2h");
    const { keys } = await cli.documented("targets signing-keys", id);
    assert.deepEqual([keys.length, keys[0].id], [2, rotated.key.id]);
    assert.ok(!JSON.stringify(keys).includes(rotated.secret));

    const file = await fileWith(nextPublicKey());
    const { keyId } = await cli.documented("targets add-public-key", id, "--file", file, "--expires", "90d");
    await cli.documented("targets activate-public-key", id, keyId);
    const { publicKeys } = await cli.documented("targets public-keys", id);
    assert.deepEqual(
      publicKeys.map((key: { active: boolean }) => key.active),
      [true],
    );
    await cli.json("targets", "deactivate-public-key", id, keyId);
    assert.deepEqual(await cli.json("targets", "remove-public-key", id, keyId), { keyId });
  });

  for (const [way, open] of Object.entries(WAYS)) {
    it(`shows one execution and one token, ${way}`, async () => {
      const id = await createTarget(server, { endpoint: hook.url });
      await cli.json("executions", "set", "event/shown.once", "--target", id);
      const execution = await open(server).documented("executions get", "event/shown.once");
      assert.deepEqual(execution.targets, [{ target: id }]);
      const token = await cli.json("tokens", "create", "--name", "shown", "--role", "viewer");
      assert.equal((await open(server).documented("tokens get", token.id)).role, "viewer");
    });
  }

  it("lists permissions without a server", async () => {
    const { permissions } = await cli.documented("tokens permissions");
    const find = (name: string): unknown =>
      permissions.find((each: { permission: string }) => each.permission === name);
    assert.deepEqual(find("event.read"), { permission: "event.read", roles: ["admin", "editor", "viewer"] });
  });

  it("ends with 2 for what cannot be", () =>
    checkRefused(
      2,
      [
        { args: ["events", "publish", "--type", "a"], says: "Give --type and --aggregate-id" },
        {
          args: ["events", "publish", "--type", "a", "--aggregate-id", "1", "--payload", "[1]"],
          says: "--payload: this is no JSON object",
        },
        { args: ["events", "publish", "--batch", "{"], says: "--batch: this is no JSON" },
        { args: ["events", "list", "--since", "yesterday"], says: '--since: "yesterday" is no time' },
        { args: ["deliveries", "replay", "--yes"], says: "Say which deliveries to replay" },
        { args: ["deliveries", "cancel", "1", "--state", "dead"], says: "not both" },
        { args: ["deliveries", "list", "--limit", "0"], says: "--limit" },
        { args: ["targets", "outbound", "1", "--header-file", "x"], says: "NAME=FILE" },
        { args: ["functions", "update", "price"], says: "Nothing is to change" },
      ],
      environment(),
    ));

  it("ends with 3 for what is not there, and with 5 where no server is", async () => {
    await checkRefused(
      3,
      [
        { args: ["events", "get", "999999999"], says: "There is no event" },
        { args: ["deliveries", "get", "999999999"], says: "999999999" },
        { args: ["functions", "get", "no.such"], says: "no.such" },
        { args: ["targets", "get", "404"], says: "404" },
        { args: ["tokens", "get", "404"], says: 'There is no token "404"' },
      ],
      environment(),
    );
    await checkRefused(5, [{ args: ["events", "list"], says: "cannot be reached" }], {
      INTERPOSE_URL: "http://127.0.0.1:1",
    });
  });
});
