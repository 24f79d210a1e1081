import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import express, { type Express, type Request } from "express";
import { BODY, REPLY, adapterConformance, post, startReceiver } from "../../test/adapter.ts";
import { serve } from "../../test/serve.ts";
import { webhookHeaders } from "../../test/sign.ts";
import { expressHandler } from "./express.ts";

/** Serves an application in which `parsers` come before the receiver. */
async function open(t: TestContext, parsers: (app: Express) => void) {
  const { receiver, errors } = startReceiver();
  const app = express();
  parsers(app);
  app.post("/", expressHandler(receiver));
  return { errors, url: await serve(t, app) };
}

describe("expressHandler()", () => {
  adapterConformance((t, receiver) => serve(t, express().post("/", expressHandler(receiver))));

  const mounts: readonly [string, (app: Express) => void][] = [
    ["after express.raw()", (app) => app.use(express.raw({ type: () => true }))],
    ["after express.text()", (app) => app.use(express.text({ type: () => true }))],
    ["after express.json() that is for other types", (app) => app.use(express.json({ type: "text/x" }))],
    [
      "after express.json() that keeps the bytes",
      (app) =>
        app.use(
          express.json({
            verify: (request, _, bytes) => void ((request as Request & { rawBody: Buffer }).rawBody = bytes),
          }),
        ),
    ],
    ["before express.json()", (app) => app.use("/elsewhere", express.json())],
  ];
  for (const [title, parsers] of mounts)
    it(`answers calls ${title}`, async (t) => {
      const { url } = await open(t, parsers);
      assert.deepEqual(await post(url, BODY, webhookHeaders({ body: BODY })), [200, REPLY]);
    });

  for (const [title, body] of [
    ["a call", BODY],
    ["an empty object", "{}"],
  ] as const)
    it(`says how to mount it where express.json() has taken the bytes of ${title}`, async (t) => {
      const { url, errors } = await open(t, (app) => app.use(express.json()));
      const [status, answer] = await post(url, body, webhookHeaders({ body }));
      assert.deepEqual([status, JSON.parse(answer).error.code], [500, "body_parsed"]);
      assert.match(errors[0]?.message ?? "", /before app\.use\(express\.json\(\)\).*express\.raw.*verify/);
    });

  it("can be mounted before express.json(), as the text says", async (t) => {
    const { receiver } = startReceiver();
    const app = express();
    app.post("/own", express.raw({ type: () => true, limit: receiver.maxBodyBytes }), expressHandler(receiver));
    app.post("/", expressHandler(startReceiver().receiver));
    app.use(express.json());
    app.post("/other", (request, response) => void response.json(request.body));
    const url = await serve(t, app);
    for (const path of ["", "own"])
      assert.deepEqual(await post(url + path, BODY, webhookHeaders({ body: BODY })), [200, REPLY]);
    assert.deepEqual(await post(`${url}other`, '{ "a": 1 }', {}), [200, '{"a":1}']);
  });
});
