import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { buffer } from "node:stream/consumers";
import { verify } from "@interpose/receiver";
import { createTarget, setExecution } from "./harness/api.ts";
import { forSuite, type Cleanup } from "./harness/cleanup.ts";
import { checkRefused } from "./harness/command-line.ts";
import { eventually } from "./harness/eventually.ts";
import { serve } from "./harness/serve.ts";
import {
  ADMIN_TOKEN,
  startInterpose,
  startServer,
  temporaryDirectory,
  type RunningCommand,
  type TestServer,
} from "./harness/server.ts";

/** However slow the machine is. */
const PATIENCE_MS = 60_000;

describe("interpose listen", () => {
  const suite = forSuite();
  let server: TestServer;
  let folder: string;
  let count = 0;
  before(async () => {
    server = await startServer(suite);
    folder = await temporaryDirectory(suite);
  });
  const environment = (): Readonly<Record<string, string>> => ({
    INTERPOSE_URL: server.url,
    INTERPOSE_TOKEN: ADMIN_TOKEN,
    XDG_STATE_HOME: folder,
  });
  const publish = async (type: string, aggregateId = "1", payload: unknown = {}): Promise<string> => {
    const answer = await server.request("POST", "/v1/events:publish", { type, aggregateId, payload });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.id;
  };
  /** A type of this test alone. */
  const newType = (): string => `listened.t${++count}`;
  async function listen(t: Cleanup, ...args: readonly string[]): Promise<RunningCommand> {
    const listener = startInterpose(t, ["listen", ...args], environment());
    await eventually("it is connected", () => /^connected to /m.test(listener.stderr()), PATIENCE_MS);
    return listener;
  }
  const documents = (listener: RunningCommand): readonly any[] =>
    listener
      .stdout()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  const idsOf = (listener: RunningCommand): readonly string[] => documents(listener).map(({ id }) => id);

  /** What a group keeps. */
  async function stateOf(group: string): Promise<{ instanceId: string; position: string }> {
    const states = join(folder, "interpose", "listen");
    const isOfGroup = (file: string): boolean => file.startsWith(`${group}-`) && file.endsWith(".json");
    const file = (await readdir(states)).find(isOfGroup) ?? assert.fail(`no state of ${group}`);
    return JSON.parse(await readFile(join(states, file), "utf8")) as { instanceId: string; position: string };
  }

  it("prints what matches, for people and as JSON in lines, and ends with Ctrl-C and a summary", async (t) => {
    const type = newType();
    const [text, json] = await Promise.all([
      listen(t, "--event", type),
      listen(t, "--event", `${type}.*`, type, "--json"),
    ]);
    const id = await publish(type, "first", { n: 1.5 });
    await publish("another.type");
    const inGroup = await publish(`${type}.more`);
    await eventually("both are printed", () => idsOf(json).length === 2);
    assert.deepEqual(idsOf(json), [id, inGroup]);
    const [first] = documents(json);
    assert.deepEqual([first.type, first.aggregateType, first.sequence], [type, "listened", "1"]);
    assert.deepEqual(first.body.event_payload, { n: 1.5 });
    await eventually("it is printed", () => text.stdout().endsWith("\n"));
    assert.match(text.stdout(), new RegExp(`^20\\d\\d-\\S+ \\S+Z  ${id}  ${type}  listened/first #1\n$`));
    assert.deepEqual(await Promise.all([text.stop(), json.stop("SIGTERM")]), [0, 0]);
    assert.match(text.stderr(), /\nstopped: 1 printed\n$/);
    assert.match(json.stderr(), /\nstopped: 2 printed\n$/);
  });

  it("shows what is delivered to a target, or by an execution, from the beginning of the log", async (t) => {
    const [type, other] = [newType(), newType()];
    const target = await createTarget(server, { endpoint: "https://example.com" });
    await setExecution(server, { event: { event: type } }, [target]);
    const id = await publish(type);
    await publish(other);
    const both = await Promise.all([
      listen(t, "--target", target, "--from", "start", "--json"),
      listen(t, "--execution", `event/${type}`, "--from", "start", "--json"),
    ]);
    for (const listener of both) {
      await eventually("it is printed", () => idsOf(listener).length > 0);
      assert.deepEqual(idsOf(listener), [id]);
      assert.match(listener.stderr(), /^connected to \S+, 1 waiting$/m);
    }
  });

  it("forwards signed, in the order of an aggregate, tries again, leaves out what fails for good, and goes on as its group", async (t) => {
    const type = newType();
    const received: { id: string; sequence: number; attempt: string }[] = [];
    let secret = "a secret of this test";
    const statuses = [500, 200, 200, 410];
    const url = await serve(t, async (request, response) => {
      const body = await buffer(request);
      const { id = "" } = await verify(request.headers, body, secret);
      const { sequence } = JSON.parse(body.toString()) as { sequence: number };
      received.push({ id, sequence, attempt: String(request.headers["interpose-attempt"]) });
      response.writeHead(statuses.shift() ?? 200).end();
    });
    const secretFile = join(folder, "secret");
    await writeFile(secretFile, `${secret}\n`);
    const options = ["--event", type, "--forward", url, "--group", "forwards", "--json"];
    const listener = await listen(t, ...options, "--secret-file", secretFile);
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.push(await publish(type, "forwarded"));
    await eventually("all are printed", () => documents(listener).length === 3, PATIENCE_MS);
    assert.deepEqual(received, [
      { id: ids[0], sequence: 1, attempt: "1" },
      { id: ids[0], sequence: 1, attempt: "2" },
      { id: ids[1], sequence: 2, attempt: "1" },
      { id: ids[2], sequence: 3, attempt: "1" },
    ]);
    assert.deepEqual(
      documents(listener).map(({ id, forwarded }) => [id, forwarded.status, forwarded.attempts, forwarded.failure]),
      [
        [ids[0], 200, 2, undefined],
        [ids[1], 200, 1, undefined],
        [ids[2], 410, 1, "status 410"],
      ],
    );
    assert.match(
      listener.stderr(),
      new RegExp(`^event ${ids[0]} .* was not forwarded: status 500; trying again in`, "m"),
    );
    assert.match(listener.stderr(), new RegExp(`^event ${ids[2]} .* is left out after 1 attempt: status 410$`, "m"));
    await checkRefused(
      2,
      [{ args: ["listen", ...options.slice(0, -1)], says: 'listens as the group "forwards" already' }],
      environment(),
    );
    assert.equal(await listener.stop(), 0);
    assert.match(
      listener.stderr(),
      new RegExp(`\nstopped: 2 forwarded, 1 left out, 0 .*; the group goes on behind \\d+\n$`),
    );

    const missed = [await publish(type, "2"), await publish(type, "2")];
    const again = startInterpose(t, ["listen", ...options], environment());
    await eventually("it says how it signs", () => /signed with the secret (\w+)/.test(again.stderr()), PATIENCE_MS);
    secret = /signed with the secret (\w+)/.exec(again.stderr())?.[1] ?? "";
    await eventually("what was missed is forwarded", () => documents(again).length === 2, PATIENCE_MS);
    assert.deepEqual(idsOf(again), missed);
    assert.match(again.stderr(), /^connected to \S+, 2 waiting$/m);
    await eventually("where it stands is kept", async () => (await stateOf("forwards")).position === missed[1]);
    await again.stop("SIGKILL");
    const third = await listen(t, ...options);
    assert.match(
      third.stderr(),
      /^connected to \S+, none waiting$/m,
      "what another one left behind by a crash counts as nothing",
    );
  });

  it("gives an event up after so many attempts, and says so", async (t) => {
    const type = newType();
    const listener = await listen(t, "--event", type, "--forward", "http://127.0.0.1:1/", "--attempts", "2");
    const id = await publish(type);
    await eventually("it is left out", () => listener.stderr().includes("is left out"), PATIENCE_MS);
    assert.match(listener.stderr(), new RegExp(`^event ${id} .* is left out after 2 attempts: .*ECONNREFUSED`, "m"));
    assert.equal(await listener.stop(), 0);
    assert.match(listener.stderr(), /\nstopped: 0 forwarded, 1 left out, 0 on the way/);
  });

  it("ends when its token is revoked, once it has to connect again", async (t) => {
    const { body } = await server.request("POST", "/v1/tokens", { name: "listens", permissions: ["event.read"] });
    const listener = startInterpose(t, ["listen"], { ...environment(), INTERPOSE_TOKEN: body.token });
    await eventually("it is connected", () => /^connected to /m.test(listener.stderr()), PATIENCE_MS);
    await listener.stop();
    await server.request("POST", `/v1/tokens/${body.id}:revoke`, {});
    await checkRefusedToListen(4, { ...environment(), INTERPOSE_TOKEN: body.token }, t);
  });

  it("ends with its exit code where it cannot listen, and says why", async (t) => {
    await checkRefusedToListen(5, { ...environment(), INTERPOSE_URL: "http://127.0.0.1:1" }, t);
    await checkRefused(
      2,
      [
        { args: ["listen", "--from", "yesterday"], says: '--from: "yesterday" is no place' },
        { args: ["listen", "--forward", "localhost"], says: '--forward: "localhost" is no URL' },
        { args: ["listen", "--group", "a/b"], says: "is no name of a group" },
        { args: ["listen", "--attempts", "0"], says: "--attempts" },
      ],
      environment(),
    );
    const behind = startInterpose(t, ["listen", "--from", "999999999"], environment());
    assert.equal(await behind.exited, 2);
    assert.match(behind.stderr(), /after: 999999999 lies behind the end of the log/);
  });

  it("ends where the group left off in another store", async (t) => {
    const elsewhere = await startServer(t);
    const options = ["listen", "--group", "moved"];
    const first = startInterpose(t, [...options, "--url", server.url], environment());
    await eventually("it is connected", () => /^connected to /m.test(first.stderr()), PATIENCE_MS);
    await publish(newType());
    await first.stop();
    assert.match(first.stderr(), /the group goes on behind \d+/);
    // The other server takes the place of the first one, as far as the group can tell.
    const place = createHash("sha256").update(elsewhere.url).digest("hex").slice(0, 12);
    const state = JSON.stringify({ ...(await stateOf("moved")), position: "0" });
    await writeFile(join(folder, "interpose", "listen", `moved-${place}.json`), state);
    const second = startInterpose(t, [...options, "--url", elsewhere.url], environment());
    assert.equal(await second.exited, 2);
    assert.match(second.stderr(), /error: The server has another store than the one that was listened to/);
  });
});

async function checkRefusedToListen(code: number, env: Readonly<Record<string, string>>, t: Cleanup): Promise<void> {
  const listener = startInterpose(t, ["listen"], env);
  assert.equal(await listener.exited, code, listener.stderr());
  assert.match(listener.stderr(), /^error: /m);
  assert.doesNotMatch(listener.stderr(), /^connected/m);
}
