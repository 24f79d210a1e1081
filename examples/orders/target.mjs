// A target for the orders: nobody gets more than ten of anything, and what is sold costs a tenth less. Prints what it was sent and what it answered, a line of JSON each.
//   node examples/orders/target.mjs [port]     (9090 by default)
import { createServer } from "node:http";

createServer(async (incoming, outgoing) => {
  let payload = "";
  for await (const chunk of incoming) payload += chunk;
  const { request, response } = JSON.parse(payload);
  const saw = response ?? request;
  const answered = response
    ? { text: `${response.text}, a tenth off`, total: Math.round(response.total * 0.9) }
    : { quantity: Math.min(request.quantity, 10) };
  console.log(JSON.stringify({ side: response ? "response" : "request", saw, answered }));
  outgoing.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answered));
}).listen(Number(process.argv[2] ?? 9090), "127.0.0.1", function () {
  console.log(`target listens on http://127.0.0.1:${this.address().port}/`);
});
