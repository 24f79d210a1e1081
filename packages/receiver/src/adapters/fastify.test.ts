import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import fastify, { type FastifyInstance } from "fastify";
import { BODY, REPLY, adapterConformance, post, startReceiver } from "../../test/adapter.ts";
import { webhookHeaders } from "../../test/sign.ts";
import { fastifyPlugin } from "./fastify.ts";

async function listen(t: TestContext, app: FastifyInstance): Promise<string> {
  t.after(() => app.close());
  return app.listen({ port: 0, host: "127.0.0.1" });
}

describe("fastifyPlugin()", () => {
  adapterConformance(async (t, receiver) => {
    const app = fastify();
    app.register(fastifyPlugin(receiver), { prefix: "/hook" });
    return `${await listen(t, app)}/hook`;
  });

  it("leaves the parsers of other routes what they are, and is not touched by them", async (t) => {
    const app = fastify();
    app.removeContentTypeParser("application/json");
    app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) =>
      done(null, { own: body }),
    );
    app.register(fastifyPlugin(startReceiver().receiver), { prefix: "/hook" });
    app.post("/other", (request) => request.body);
    const url = await listen(t, app);
    assert.deepEqual(await post(`${url}/hook`, BODY, webhookHeaders({ body: BODY })), [200, REPLY]);
    assert.deepEqual(await post(`${url}/other`, "{ }", {}), [200, '{"own":"{ }"}']);
  });
});
