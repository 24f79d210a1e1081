// A target in plain Node: it guards requests, changes responses, and adds a claim to tokens. It takes signed calls alone.
//   SIGNING_KEY=... node examples/receivers/node.mjs      the key that was shown when the target was made; PORT is 9090 by default
import { createServer } from "node:http";
import { createReceiver, reply } from "@interpose/receiver";
import { nodeHandler } from "@interpose/receiver/node";

const receiver = createReceiver({
  keys: process.env.SIGNING_KEY,
  on: {
    request({ request }) {
      if (request.quantity > 100) return reply.refuse("permission_denied", "no more than 100 of anything");
    },
    response: ({ response }) => response && reply.change({ ...response, note: "seen" }),
    function: {
      preaccesstoken: ({ input }) => reply.claims({ plan: input.user?.id === "1001" ? "gold" : "free" }),
    },
  },
});

const port = Number(process.env.PORT ?? 9090);
const server = createServer(nodeHandler(receiver)).listen(port, "127.0.0.1", () =>
  console.log(`ready at http://127.0.0.1:${server.address().port}/`),
);
process.once("SIGTERM", () => server.close().closeAllConnections());
