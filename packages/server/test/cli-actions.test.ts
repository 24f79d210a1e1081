import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { documents } from "./harness/actions-documents.ts";
import { forSuite } from "./harness/cleanup.ts";
import { documentedAnswer, shapeOf } from "./harness/cli-document.ts";
import { WAYS, type CommandLine } from "./harness/command-line.ts";
import { ADMIN_TOKEN, runInterpose, startServer, temporaryDirectory, type TestServer } from "./harness/server.ts";

const DOCUMENT = `name: shop
targets:
  - { name: audit, endpoint: "https://example.com/hook", timeout: 5s }
executions:
  - condition: event/order.*
    targets: [{ target: audit }]
functions:
  - { name: price, description: what it costs }
`;

describe("plan, apply and export", () => {
  const suite = forSuite();
  let server: TestServer;
  let directory: string;
  before(async () => {
    server = await startServer(suite, { env: { INTERPOSE_DELIVERIES_ENABLED: "false" } });
    directory = await temporaryDirectory(suite);
  });
  let files = 0;
  async function file(text: string): Promise<string> {
    const path = join(directory, `${++files}.yaml`);
    await writeFile(path, text);
    return path;
  }
  /** Takes away what a test made. */
  const emptied = async (cli: CommandLine): Promise<unknown> =>
    cli.json("apply", "-f", await file("name: shop\n"), "--yes");

  for (const [way, open] of Object.entries(WAYS)) {
    describe(way, () => {
      it("show, apply and write what a document says", async () => {
        const cli = open(server);
        const path = await file(DOCUMENT);
        const lines = await cli.lines("plan", "-f", path);
        assert.deepEqual(lines, [
          "+ function price",
          "    description: what it costs",
          "+ target audit",
          "    endpoint: https://example.com/hook",
          "    timeout: 5s",
          "+ execution event/order.*",
          "    targets: audit",
          "3 to create, 0 to change, 0 to delete.",
        ]);
        assert.deepEqual(await cli.lines("apply", "-f", path, "--yes"), [...lines, "Applied."]);
        const nothing = ["Nothing to change: everything is as the document says."];
        assert.deepEqual(await cli.lines("plan", "-f", path, "--exit-code"), nothing);
        assert.deepEqual(await cli.lines("apply", "-f", path), nothing, "there is nothing to ask");
        const exported = await cli.lines("export", "--owned-by", "shop", "--schema", "./a.json");
        assert.equal(exported[0], "# yaml-language-server: $schema=./a.json");
        const planned = await cli.json("plan", "-f", await file(exported.join("\n")));
        assert.deepEqual([planned.changes, planned.conflicts], [[], []]);
        assert.deepEqual((await cli.json("export")).targets[0].name, "audit");
        await emptied(cli);
      });

      it("tell drift, conflicts and what is taken over", async () => {
        const cli = open(server);
        await cli.json("apply", "-f", await file(DOCUMENT), "--yes");
        await server.request("PATCH", "/v1/functions/price", { description: "theirs" });
        const drifted = await cli.lines("plan", "-f", await file(DOCUMENT));
        assert.deepEqual(drifted.slice(0, 2), [
          "~ function price (somebody else changed it)",
          "    description: theirs → what it costs (somebody else changed it)",
        ]);
        const other = await file(DOCUMENT.replace("name: shop", "name: other").replace("5s", "6s"));
        const refused = await cli.refused(1, "apply", "-f", other, "--yes", "--json");
        assert.match(refused, /^Nothing was applied\. In the way are:\n {2}target audit is there, differs/);
        const { changes } = await cli.json("apply", "-f", other, "--yes", "--adopt");
        assert.deepEqual(
          changes.map(({ action, name, formerOwner }: any) => [action, name, formerOwner]),
          [
            ["adopt", "price", "shop"],
            ["adopt", "audit", "shop"],
            ["adopt", "event/order.*", "shop"],
          ],
        );
        await cli.json("apply", "-f", await file("name: other\n"), "--yes");
      });

      it("leave with --no-prune what is not named any more", async () => {
        const cli = open(server);
        await cli.json("apply", "-f", await file(DOCUMENT), "--yes");
        const path = await file("name: shop\n");
        assert.deepEqual((await cli.json("apply", "-f", path, "--no-prune", "--yes")).changes, []);
        const pruned = await cli.json("apply", "-f", path, "--yes");
        assert.deepEqual(
          pruned.changes.map(({ action, name }: any) => `${action} ${name}`),
          ["delete event/order.*", "delete audit", "delete price"],
        );
      });

      it("leave nothing to change of documents at random", async () => {
        const cli = open(server);
        for (const document of fc.sample(documents("shop"), { numRuns: 3, seed: 42 })) {
          const path = await file(JSON.stringify(document).replaceAll("${", "$${"));
          await cli.json("apply", "-f", path, "--yes", ...(way === "by its API" ? ["--bypass"] : []));
          const again = await cli.json("plan", "-f", path, ...(way === "by its API" ? ["--bypass"] : []));
          assert.deepEqual([again.changes, again.conflicts], [[], []], JSON.stringify(document));
        }
        // Its executions are on the calls of the API itself.
        await WAYS["with --direct"](server).json("apply", "-f", await file("name: shop\n"), "--yes");
      });

      it("refuse what cannot be, by their exit codes, and change nothing", async () => {
        const cli = open(server);
        const path = await file(DOCUMENT);
        const before = await cli.json("export");
        assert.match(await cli.refused(2, "plan"), /required option '-f, --file <file>' not specified/);
        assert.match(await cli.refused(2, "plan", "-f", join(directory, "none.yaml")), /cannot be read: ENOENT/);
        assert.match(await cli.refused(2, "apply", "-f", path, "--json"), /Say --yes if they are\.$/);
        assert.match(
          await cli.refused(2, "apply", "-f", await file(DOCUMENT.replace("5s", "soon")), "--yes"),
          /\.yaml:3: targets\[0\]\.timeout: must be a length of time/,
        );
        const circle = DOCUMENT.replace("{ target: audit }", "{ include: event/a }").replace(
          "functions:",
          '  - { condition: event/a, targets: [{ include: "event/order.*" }] }\nfunctions:',
        );
        assert.match(await cli.refused(1, "apply", "-f", await file(circle), "--yes"), /The includes lead in a circle/);
        assert.deepEqual(await cli.json("export"), before);
      });
    });
  }

  it("exit with a code of its own where something would change", async () => {
    const env = { INTERPOSE_URL: server.url, INTERPOSE_TOKEN: ADMIN_TOKEN };
    const path = await file(DOCUMENT);
    const changes = await runInterpose(["plan", "-f", path, "--exit-code", "--json"], env);
    assert.deepEqual([changes.code, changes.stderr, JSON.parse(changes.stdout).changes.length], [8, "", 3]);
    assert.equal((await runInterpose(["plan", "-f", path], env)).code, 0);
  });

  it("print what docs/cli.md shows, conflicts too", async () => {
    await server.request("POST", "/v1/functions", { name: "price", description: "theirs" });
    const env = { INTERPOSE_URL: server.url, INTERPOSE_TOKEN: ADMIN_TOKEN };
    const { code, stdout } = await runInterpose(["plan", "-f", await file(DOCUMENT), "--json"], env);
    assert.equal(code, 1, "it could not be applied");
    const known = shapeOf(documentedAnswer("plan"));
    for (const line of shapeOf(JSON.parse(stdout)).filter((each) => !each.includes(".after")))
      assert.ok(known.includes(line), line);
    await server.request("DELETE", "/v1/functions/price");
  });

  it("read a document from standard input", async () => {
    const main = fileURLToPath(new URL("../bin/interpose.mjs", import.meta.url));
    const child = spawn(process.execPath, [main, "apply", "-f", "-", "--yes", "--json"], {
      env: { ...process.env, INTERPOSE_URL: server.url, INTERPOSE_TOKEN: ADMIN_TOKEN },
      stdio: ["pipe", "pipe", "inherit"],
    });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stdin.end(DOCUMENT);
    assert.equal(await new Promise((resolve) => child.once("close", resolve)), 0);
    assert.equal(JSON.parse(stdout).changes.length, 3);
    await emptied(WAYS["by its API"](server));
  });

  it("print their JSON Schema", async () => {
    const { stdout } = await runInterpose(["schema", "actions"]);
    assert.equal(JSON.parse(stdout).title, "actions.yaml of Interpose");
  });
});
