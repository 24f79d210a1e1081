// Everything in one process: a service, the management API beside it, and a target, which a few calls put together. It prints what happens, and ends.
//   node examples/embedded.mjs      keeps its data in a temporary folder
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, createRouterTransport } from "@connectrpc/connect";
import { createInterpose } from "interpose";
import { interposeInterceptor } from "interpose/connect";
import { Greeter } from "./greet/gen/greet_pb.js";

// A target: it is sent each response, and what it answers is merged into it.
const target = createServer(async (request, response) => {
  let text = "";
  for await (const chunk of request) text += chunk;
  const { fullMethod, response: greeted } = JSON.parse(text);
  console.log(`the target saw "${greeted.greeting}" of ${fullMethod}`);
  response.end(JSON.stringify({ greeting: `${greeted.greeting} (greeted by a target too)` }));
});
await new Promise((resolve) => target.listen(0, "127.0.0.1", resolve));

const dataDir = await mkdtemp(join(tmpdir(), "interpose-example-"));
const interpose = await createInterpose({ dataDir, egress: { allow: ["127.0.0.0/8"] }, services: [Greeter] });

// The management API within a server of one's own: what it shall answer is handed to it.
const server = createServer((request, response) => {
  if (request.url === "/") response.end("a page of this process's own\n");
  else interpose.handler(request, response);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${server.address().port}`;

async function manage(method, path, body) {
  const headers = { authorization: `Bearer ${interpose.firstToken}`, "content-type": "application/json" };
  const answer = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

// A service of connect-es with the interceptor, called without a network in between.
const transport = createRouterTransport(
  (router) => router.service(Greeter, { greet: ({ name }) => ({ greeting: `Hello, ${name}!` }) }),
  { router: { interceptors: [interposeInterceptor(interpose)] } },
);
const greeter = createClient(Greeter, transport);
console.log((await greeter.greet({ name: "Ada" })).greeting);

const { id } = await manage("POST", "/v3alpha/targets", {
  name: "greets too",
  endpoint: `http://127.0.0.1:${target.address().port}/`,
  restCall: { interruptOnError: true },
  timeout: "5s",
});
await manage("PUT", "/v3alpha/executions", {
  condition: { response: { method: "/greet.v1.Greeter/Greet" } },
  targets: [{ target: id }],
});
console.log((await greeter.greet({ name: "Ada" })).greeting);

for (const each of [server, target]) each.close().closeAllConnections();
await interpose.close();
await rm(dataDir, { recursive: true });
