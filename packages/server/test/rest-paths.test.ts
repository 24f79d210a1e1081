import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { forSuite } from "./harness/cleanup.ts";
import { checkRefused, sendRaw } from "./harness/rest.ts";
import { startServer, type TestServer } from "./harness/server.ts";
import { assertRefusal } from "./harness/status.ts";

const SEARCH = "/v3alpha/targets/search";

describe("a request over REST", () => {
  let server: TestServer;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
  });

  describe("finds its way:", () => {
    const unknown = { status: 404, code: 5, reason: "PATH_NOT_FOUND" };
    for (const path of [
      "/v3alpha",
      "/v3alpha/targets/search/",
      "/v3alpha/executions/functions/",
      "/v3alpha/targets/",
      "//v3alpha/executions/functions",
      "/v3alpha//executions/functions",
      "/V3ALPHA/executions/functions",
      "/v1/tokens/1:nothing",
      "/a.B/C",
    ]) {
      it(`${path} leads nowhere`, () =>
        checkRefused(server, ["GET", path], { ...unknown, says: new RegExp(`^There is nothing at ${path}\\. `) }));
    }

    it("a long path is shortened in the text", async () => {
      const { body } = await sendRaw(server, "GET", `/${"x".repeat(3_000)}`);
      assert.ok(body.message.length < 250, body.message);
    });

    const verbs: readonly { verb: string; path: string; allow: string }[] = [
      { verb: "POST", path: "/v3alpha/executions", allow: "DELETE, PUT" },
      { verb: "HEAD", path: "/v3alpha/executions", allow: "DELETE, PUT" },
      { verb: "PATCH", path: "/v3alpha/targets/1", allow: "DELETE, GET, HEAD, PUT" },
      { verb: "PATCH", path: "/v1/events", allow: "GET, HEAD, POST" },
      { verb: "OPTIONS", path: "/v3alpha/targets", allow: "POST" },
      { verb: "GET", path: "/v3alpha/executions/search", allow: "POST" },
      { verb: "PURGE", path: "/v3alpha/executions/methods", allow: "GET, HEAD" },
      { verb: "GET", path: "/zitadel.action.v3alpha.ActionService/ListTargets", allow: "POST" },
      { verb: "PUT", path: "/grpc.health.v1.Health/Check", allow: "POST" },
      { verb: "POST", path: "/openapi.json", allow: "GET, HEAD" },
    ];
    for (const { verb, path, allow } of verbs) {
      it(`${verb} ${path} is answered with what is allowed there`, async () => {
        const answer = await sendRaw(server, verb, path);
        assert.equal(answer.headers.get("allow"), allow);
        if (verb === "HEAD") assert.deepEqual([answer.status, answer.body], [405, undefined]);
        else
          assertRefusal(answer, {
            status: 405,
            code: 12,
            reason: "VERB_NOT_ALLOWED",
            says: new RegExp(`^${verb} is not allowed at .*\\. Use ${allow}\\.$`),
          });
      });
    }

    it("HEAD is answered as GET is, without the body", async () => {
      const get = await sendRaw(server, "GET", "/v3alpha/executions/functions");
      const head = await sendRaw(server, "HEAD", "/v3alpha/executions/functions");
      assert.deepEqual([head.status, head.body], [200, undefined]);
      for (const name of ["content-type", "content-length"])
        assert.equal(head.headers.get(name), get.headers.get(name));
      assert.equal((await sendRaw(server, "HEAD", "/v3alpha/targets/404")).status, 404);
    });

    const malformed = { status: 400, code: 3, reason: "BAD_REQUEST", says: /malformed percent escape/ };
    for (const path of ["/v3alpha/targets/a%", "/v3alpha/targets/%zz", "/v3alpha/targets/%ff", "/v3alpha/%e0%a4/x"]) {
      it(`${path} has an escape that is none`, () => checkRefused(server, ["GET", path], malformed));
    }

    const ids: readonly [path: string, id: string][] = [
      ["/v3alpha/targets/a%2Fb", "a/b"],
      ["/v3alpha/targets/a%2fb%3Fc%23d", "a/b?c#d"],
      ["/v3alpha/targets/gr%C3%B6%C3%9Fe", "größe"],
      ["/v3alpha/targets/a+b", "a+b"],
      ["/v3alpha/targets/%252F", "%2F"],
      ["/v3alpha/targets/a:b", "a:b"],
      ["/v3alpha/%74argets/1?target_id=2", "1"],
    ];
    for (const [path, id] of ids) {
      it(`${path} names the target "${id}"`, async () => {
        const { status, body } = await sendRaw(server, "GET", path);
        assert.equal(status, 404);
        assert.ok(body.message.startsWith(`There is no target "${id}".`), body.message);
      });
    }
  });

  describe("reads a query:", () => {
    it("both spellings name a field, and what is unknown is ignored", async () => {
      for (const query of ["pageSize=1", "page_size=1", "pageSize=1&unknown=x&y", "page%53ize=1"]) {
        const { status, body } = await sendRaw(server, "GET", `/v1/tokens?${query}`);
        assert.equal(status, 200, JSON.stringify(body));
      }
    });
    const cases: readonly [query: string, field: string, says: RegExp][] = [
      ["pageSize=many", "pageSize", /^pageSize: expected a whole number, not "many"/],
      ["page_size=", "page_size", /^page_size: expected a whole number/],
      ["pageSize=1&page_size=2", "page_size", /^page_size: expected one value/],
    ];
    for (const [query, field, says] of cases) {
      it(`?${query} is refused`, () =>
        checkRefused(server, ["GET", `/v1/tokens?${query}`], {
          status: 400,
          code: 3,
          reason: "BAD_REQUEST",
          says,
          field,
        }));
    }
    it("it does not add to a body that is the whole message", async () => {
      const { status } = await sendRaw(server, "POST", `${SEARCH}?sortingColumn=FIELD_NAME_AGE`, "{}");
      assert.equal(status, 200);
    });
  });

  describe("looks at what a body says it is:", () => {
    for (const type of [
      "application/json",
      "application/json; charset=utf-8",
      "Application/JSON;charset=UTF-8",
      "text/plain",
      "application/x-www-form-urlencoded",
      "",
    ]) {
      it(`"${type}" is read as JSON`, async () => {
        const { status } = await sendRaw(server, "POST", SEARCH, "{}", { "content-type": type });
        assert.equal(status, 200);
      });
    }
    for (const encoding of ["gzip", "br", "gzip, identity"]) {
      it(`${encoding} is refused`, async () => {
        const answer = await sendRaw(server, "POST", SEARCH, "{}", { "content-encoding": encoding });
        const says = new RegExp(
          `^The content-encoding "${encoding}" is not understood here\\. Send the body as it is\\.`,
        );
        assertRefusal(answer, { status: 400, code: 3, reason: "BAD_REQUEST", says });
      });
    }
    it("identity is no encoding, however it is spelled", async () => {
      assert.equal((await sendRaw(server, "POST", SEARCH, "{}", { "content-encoding": "Identity" })).status, 200);
    });
  });
});
