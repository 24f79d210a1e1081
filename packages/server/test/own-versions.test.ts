// Executions on one version of ZITADEL's service, while another one is called: of the same commands, and yet other methods.
import assert from "node:assert/strict";
import { before, beforeEach, describe, it } from "node:test";
import { createTargetInTurn as createTarget, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";

const VERSIONS = ["v2beta", "v2", "v3alpha"] as const;
type Version = (typeof VERSIONS)[number];

const serviceOf = (version: Version): string => `zitadel.action.${version}.ActionService`;
const pathOf = (version: Version): string =>
  version === "v3alpha" ? "/v3alpha/targets" : `/${version}/actions/targets`;

describe("an execution on one version of ZITADEL's services", () => {
  const suite = forSuite();
  let server: TestServer;
  let hook: TestTarget;
  let known: string;
  before(async () => {
    server = await startServer(suite);
    hook = await startTarget(suite);
    known = await createTarget(server, { endpoint: hook.url });
  });
  beforeEach(async () => {
    const bypass = { headers: { "interpose-bypass": "true" } };
    const { body } = await server.request("POST", "/v3alpha/executions/search", {}, bypass);
    for (const { Condition: condition } of body.result ?? [])
      await server.request("DELETE", "/v3alpha/executions", { condition }, bypass);
    hook.calls.length = 0;
    hook.reply({});
  });

  let count = 0;
  /** Methods that all versions have, with the name that each gives it, and a call of it. */
  const METHODS: readonly {
    readonly name: (version: Version) => string;
    readonly call: (version: Version) => Promise<JsonAnswer>;
  }[] = [
    {
      name: () => "CreateTarget",
      call: (version) =>
        server.request("POST", pathOf(version), {
          name: `versioned ${++count}`,
          endpoint: "https://example.com/",
          timeout: "1s",
          restAsync: {},
        }),
    },
    {
      name: (version) => (version === "v3alpha" ? "GetTargetByID" : "GetTarget"),
      call: (version) => server.request("GET", `${pathOf(version)}/${known}`),
    },
    { name: () => "ListTargets", call: (version) => server.request("POST", `${pathOf(version)}/search`, {}) },
  ];

  /** Calls a method in every version, and answers which of them the target was told of. */
  async function toldOf({ call }: (typeof METHODS)[number]): Promise<readonly string[]> {
    hook.calls.length = 0;
    for (const version of VERSIONS) assert.equal(Math.floor((await call(version)).status / 100), 2);
    return hook.calls.map(({ body }) => body.fullMethod);
  }

  for (const method of METHODS) {
    for (const version of VERSIONS) {
      const named = `/${serviceOf(version)}/${method.name(version)}`;
      it(`fires for ${named} alone, and for its equivalents once it is set so`, async () => {
        await setExecution(server, { request: { method: named } }, [known]);
        assert.deepEqual(await toldOf(method), [named]);
        const all = VERSIONS.map((each) => `/${serviceOf(each)}/${method.name(each)}`);
        const options = `/v1/executionOptions/request${named}`;
        const { body } = await server.request("GET", options);
        assert.deepEqual(
          [...body.otherVersions].sort(),
          all.filter((each) => each !== named).sort(),
          "it is told which pass it by",
        );
        assert.equal((await server.request("PATCH", options, { match: "MATCH_EQUIVALENT" })).status, 200);
        assert.deepEqual(await toldOf(method), all);
        assert.equal((await server.request("PATCH", options, { match: "MATCH_EXACT" })).status, 200);
        assert.deepEqual(await toldOf(method), [named]);
      });
    }
  }

  it("changes the messages of another version, in the names that those have", async () => {
    const named = `${serviceOf("v2")}/GetTarget`;
    const changes = await createTarget(server, { endpoint: hook.url, type: "restCall" });
    await setExecution(server, { response: { method: `/${named}` } }, [changes]);
    await server.request("PATCH", `/v1/executionOptions/response/${named}`, { match: "MATCH_EQUIVALENT" });
    hook.reply({ body: { target: { name: "changed" } } });
    for (const version of VERSIONS) {
      const { body } = await server.request("GET", `${pathOf(version)}/${known}`);
      assert.deepEqual([body.target.name, body.target.endpoint], ["changed", hook.url], version);
    }
  });
});
