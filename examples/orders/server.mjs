// An API of gRPC alone, with @grpc/grpc-js. It knows nothing of Interpose.
//   node examples/orders/server.mjs [port]     (9000 by default)
import { fileURLToPath } from "node:url";
import { loadPackageDefinition, Server, ServerCredentials } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const PRICE = 400;
const includeDirs = [".", "../../packages/protocol/third_party"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
const { acme } = loadPackageDefinition(loadSync("orders.proto", { includeDirs }));

const server = new Server();
server.addService(acme.orders.v1.Orders.service, {
  Place({ request: { item, quantity } }, answer) {
    answer(null, { text: `${quantity} x ${item}`, total: quantity * PRICE });
  },
});
server.bindAsync(`127.0.0.1:${process.argv[2] ?? 9000}`, ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(`orders listens on http://127.0.0.1:${port}`);
});
