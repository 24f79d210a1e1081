// A Connect service with hooks: Interpose runs in this process, and its interceptor stands before the service.
//   node examples/connect-service.mjs      serves on PORT, by default 9000; keeps its data in .interpose
// Hook it, with an admin's token: PUT /v3alpha/executions with the condition {"request": {"method": "/greet.v1.Greeter/Greet"}}
import { createServer } from "node:http";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createInterpose } from "interpose";
import { interposeInterceptor } from "interpose/connect";
import { Greeter } from "./greet/gen/greet_pb.js";

const interpose = await createInterpose({
  dataDir: process.env.INTERPOSE_DATA_DIR ?? ".interpose",
  adminToken: process.env.INTERPOSE_ADMIN_TOKEN,
  egress: { allow: ["127.0.0.0/8"] }, // targets on this machine, to try things
  services: [Greeter],
});
if (interpose.firstToken) console.log(`admin token, shown this once: ${interpose.firstToken}`);

const server = createServer(
  connectNodeAdapter({
    routes: (router) =>
      router.service(Greeter, {
        greet: ({ name }) => ({ greeting: `Hello, ${name}!` }),
        async *greetAll(requests) {
          for await (const { name } of requests) yield { greeting: `Hello, ${name}!` };
        },
      }),
    interceptors: [interposeInterceptor(interpose)],
    // What is no call of the service is for the management API: both are on one port.
    fallback: interpose.handler,
  }),
);
server.listen(Number(process.env.PORT ?? 9000), "127.0.0.1", () =>
  console.log(`ready at http://127.0.0.1:${server.address().port}`),
);

process.once("SIGTERM", () => server.close(() => void interpose.close()).closeAllConnections());
