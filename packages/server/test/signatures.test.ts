// What targets are sent, verified in the ways that docs/signatures.md names, by those that others wrote among them.
import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { before, describe, it } from "node:test";
import { verify } from "@interpose/receiver";
import { createOpener } from "@interpose/receiver/tokens";
import { Webhook } from "standardwebhooks";
import { rotateInstanceKey } from "../src/commands/instance-keys.ts";
import { openVault } from "../src/keys/open-vault.ts";
import { setExecution } from "./harness/api.ts";
import { forSuite, type Cleanup } from "./harness/cleanup.ts";
import { publish, storeOf } from "./harness/events.ts";
import { eventually } from "./harness/eventually.ts";
import { asking, newTarget } from "./harness/newer-targets.ts";
import { newDatabaseUrl } from "./harness/postgres.ts";
import { contextOf } from "./harness/routers.ts";
import { serve } from "./harness/serve.ts";
import { masterKeyOf, startServer, type TestServer } from "./harness/server.ts";

const BY_URL = process.env.INTERPOSE_TEST_STORE === "url";

/** A call as it came. */
interface Recorded {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An endpoint that keeps the calls that come as they are. */
async function startRecorder(t: Cleanup): Promise<{ readonly url: string; readonly calls: Recorded[] }> {
  const calls: Recorded[] = [];
  const url = await serve(t, async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk as string;
    calls.push({ headers: request.headers, body });
    response.end();
  });
  return { url, calls };
}

/** ZITADEL's own way of verifying, as its package for Go has it: the header apart, its time not too old, and any of its signatures. */
function validateAsZitadel({ headers, body }: Recorded, signingKey: string): void {
  const header = headers["zitadel-signature"];
  if (typeof header !== "string" || header === "") throw new Error("not signed");
  const pairs = header.split(",").map((part) => part.split("="));
  if (pairs.some((pair) => pair.length !== 2)) throw new Error("invalid header");
  const time = pairs.find(([name]) => name === "t")?.[1] ?? "";
  if (!/^\d+$/.test(time)) throw new Error("invalid header");
  const signatures = pairs.filter(([name]) => name === "v1").map(([, hex]) => Buffer.from(hex ?? "", "hex"));
  const expected = createHmac("sha256", signingKey).update(time).update(".").update(body).digest();
  if (Date.now() - Number(time) * 1000 > 300_000) throw new Error("too old");
  if (!signatures.some((given) => given.length === expected.length && timingSafeEqual(given, expected)))
    throw new Error("no valid signature");
}

function validateByLibrary({ headers, body }: Recorded, signingKey: string): void {
  new Webhook(`whsec_${Buffer.from(signingKey).toString("base64")}`).verify(body, headers as Record<string, string>, {
    jsonParse: false,
  });
}

/** Whether a call was signed with a key, in which all who can say so agree. */
async function isSignedBy(call: Recorded, signingKey: string): Promise<boolean> {
  const says = async (check: () => unknown): Promise<boolean> => {
    try {
      await check();
      return true;
    } catch {
      return false;
    }
  };
  const said = await Promise.all([
    says(() => validateAsZitadel(call, signingKey)),
    says(() => validateByLibrary(call, signingKey)),
    says(() => verify(call.headers, call.body, signingKey, { family: "zitadel" })),
    says(() => verify(call.headers, call.body, signingKey, { family: "standard-webhooks" })),
  ]);
  assert.equal(new Set(said).size, 1, `they do not agree: ${said.join()}`);
  return said[0];
}

describe("what a target is sent", () => {
  const suite = forSuite();
  let server: TestServer;
  before(async () => {
    server = await startServer(suite);
  });

  const forms = { JSON: /^\{.*\}$/, JWT: /^[\w-]+(\.[\w-]+){2}$/, JWE: /^[\w-]+(\.[\w-]+){4}$/ };
  for (const type of Object.keys(forms)) {
    it(`is signed as ZITADEL and the library of Standard Webhooks verify it, by ${type}`, async (t) => {
      const { url, calls } = await startRecorder(t);
      const { id, signingKey } = await newTarget(server, url, type);
      if (type === "JWE") {
        const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
        const pem = Buffer.from(publicKey.export({ type: "spki", format: "pem" })).toString("base64");
        const path = `/v2/actions/targets/${id}/publickeys`;
        const { keyId } = await asking(server)("POST", path, { publicKey: pem });
        await asking(server)("POST", `${path}/${keyId}/activate`, {});
      }
      const eventType = `signed.t${id}`;
      await setExecution(server, { event: { event: eventType } }, [id]);
      await setExecution(server, { function: { name: "preuserinfo" } }, [id]);
      await server.request("POST", "/v1/functions/preuserinfo:invoke", { input: {} });
      await publish(server, { type: eventType, aggregateId: "1", payload: { text: "Zoë" } });
      await eventually("both calls", () => calls.length === 2);
      for (const call of calls) {
        assert.equal(await isSignedBy(call, signingKey), true);
        assert.equal(await isSignedBy({ ...call, body: `${call.body} ` }, signingKey), false);
        assert.equal(await isSignedBy(call, signingKey.slice(1)), false);
        assert.equal(call.headers["content-type"], "application/json");
        assert.match(call.body, forms[type as keyof typeof forms]);
      }
    });
  }

  it("is signed by a key of Ed25519 too, which is verified by its public half as it is shown", async (t) => {
    const { url, calls } = await startRecorder(t);
    const { id, signingKey } = await newTarget(server, url);
    const { key } = await asking(server)("POST", `/v1/targets/${id}:rotateSigningKey`, {
      kind: "SIGNING_KEY_KIND_ED25519",
    });
    await setExecution(server, { function: { name: "preuserinfo" } }, [id]);
    await server.request("POST", "/v1/functions/preuserinfo:invoke", { input: {} });
    const [call = assert.fail("nothing came")] = calls;
    const { algorithm, family } = await verify(call.headers, call.body, key.publicKey);
    assert.deepEqual([algorithm, family], ["ed25519", "standard-webhooks"]);
    assert.equal(await isSignedBy(call, signingKey), true);
  });

  it("is a JWT that verifies after the instance's key was replaced", async (t) => {
    const { url, calls } = await startRecorder(t);
    const { id } = await newTarget(server, url, "JWT");
    await setExecution(server, { function: { name: "preuserinfo" } }, [id]);
    const invoke = async (): Promise<string> => {
      const { status, body } = await server.request("POST", "/v1/functions/preuserinfo:invoke", { input: {} });
      assert.equal(status, 200, JSON.stringify(body));
      return calls.at(-1)?.body ?? assert.fail("nothing came");
    };
    const kidOf = (jwt: string): string => JSON.parse(Buffer.from(jwt.split(".")[0] ?? "", "base64url").toString()).kid;
    const jwks = `${server.url}/.well-known/jwks.json`;
    const former = await invoke();
    await createOpener({ jwks })(former);

    const database = await storeOf(t, server);
    const [instance] = await database.query<{ id: string }>({ text: "select id from interpose.instances", values: [] });
    const instanceId = instance?.id ?? assert.fail("there is no instance");
    const secrets = { masterKey: await masterKeyOf(server), formerKeys: [] };
    const vault = await openVault(database, instanceId, { secrets, dataDir: "/nowhere" });
    assert.equal(await rotateInstanceKey({ ...contextOf(database, instanceId), vault }, 0), true);
    // Those who keep the set have a quarter of an hour to hear of the new key. The time passes here, and a change has the server read when the former one ends.
    await database.query({
      text: "update interpose.instance_keys set retired_at = clock_timestamp() where retired_at is not null",
      values: [],
    });
    await asking(server)("POST", `/v1/targets/${id}:rotateSigningKey`, {});

    const next = await eventually("the new key signs", async () => {
      const jwt = await invoke();
      return kidOf(jwt) === kidOf(former) ? undefined : jwt;
    });
    const open = createOpener({ jwks });
    for (const jwt of [former, next]) assert.equal(JSON.parse(await open(jwt)).function, "function/preuserinfo");
  });
});

describe(
  "a signing key that is rotated on one of two servers",
  { skip: BY_URL ? false : "an embedded store is one server's" },
  () => {
    const suite = forSuite();
    let a: TestServer;
    let b: TestServer;
    before(async () => {
      const databaseUrl = await newDatabaseUrl(suite);
      [a, b] = await Promise.all([startServer(suite, { databaseUrl }), startServer(suite, { databaseUrl })]);
    });

    it("signs beside the next one on both until its grace is over, and no longer", async (t) => {
      const { url, calls } = await startRecorder(t);
      const { id, signingKey: first } = await newTarget(a, url);
      await setExecution(a, { function: { name: "preuserinfo" } }, [id]);
      await setExecution(a, { event: { event: "keys.rotated" } }, [id]);
      const rotate = async (grace: string): Promise<string> =>
        (await asking(a)("POST", `/v1/targets/${id}:rotateSigningKey`, { grace })).secret;
      /** What is sent by a server for a call of it, and by whichever delivers, for an event. */
      const sentBy = async (server: TestServer): Promise<readonly Recorded[]> => {
        calls.length = 0;
        const { status } = await server.request("POST", "/v1/functions/preuserinfo:invoke", { input: {} });
        assert.equal(status, 200);
        await publish(server, { type: "keys.rotated", aggregateId: "1", payload: {} });
        await eventually("both are sent", () => calls.length === 2);
        return [...calls];
      };
      /** Waits until all that is sent is signed by these keys, in this way. */
      const untilSigned = async (what: string, expected: readonly (readonly [string, boolean])[]): Promise<void> => {
        for (const server of [b, a]) {
          await eventually(
            what,
            async () => {
              const sent = await sentBy(server);
              const checks = sent.flatMap((call) =>
                expected.map(async ([key, isSigned]) => (await isSignedBy(call, key)) === isSigned),
              );
              return (await Promise.all(checks)).every(Boolean);
            },
            20_000,
          );
        }
      };
      await untilSigned("one key signs", [[first, true]]);
      const second = await rotate("3600s");
      await untilSigned("both keys sign in the grace", [
        [first, true],
        [second, true],
      ]);
      const third = await rotate("1s");
      await untilSigned("the former keys sign no more", [
        [first, false],
        [second, false],
        [third, true],
      ]);
    });
  },
);
