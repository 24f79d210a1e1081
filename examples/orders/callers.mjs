// Clients of the orders, one for each protocol. Each is given the URL of a server, and places an order.
import { fileURLToPath } from "node:url";
import { credentials, loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const includeDirs = [".", "../../packages/protocol/third_party"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
const definition = loadSync("orders.proto", { includeDirs });
const METHOD = "/acme.orders.v1.Orders/Place";

function grpc(url, order) {
  const { Orders } = loadPackageDefinition(definition).acme.orders.v1;
  const client = new Orders(new URL(url).host, credentials.createInsecure());
  return new Promise((resolve, reject) => {
    client.Place(order, (error, receipt) => (error ? reject(error) : resolve(receipt)));
  }).finally(() => client.close());
}

/** Connect is JSON by POST for a unary method; no library is needed. */
const connect = (url, order) => postJson(`${url}${METHOD}`, order);
const rest = (url, order) => postJson(`${url}/v1/orders`, order);

async function postJson(url, order) {
  const body = await post(url, "application/json", JSON.stringify(order));
  return JSON.parse(body.toString());
}

/** gRPC-Web: messages of gRPC, each behind a byte of flags and its length, and behind them the trailers in the same form. */
async function grpcWeb(url, order) {
  const { requestSerialize, responseDeserialize } = definition["acme.orders.v1.Orders"].Place;
  const message = requestSerialize(order);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.byteLength, 1);
  const body = await post(`${url}${METHOD}`, "application/grpc-web+proto", Buffer.concat([prefix, message]));
  if (body[0] !== 0) throw new Error(body.toString());
  return responseDeserialize(body.subarray(5, 5 + body.readUInt32BE(1)));
}

async function post(url, type, body) {
  const response = await fetch(url, { method: "POST", headers: { "content-type": type }, body });
  const answer = Buffer.from(await response.arrayBuffer());
  if (!response.ok || answer.byteLength === 0) throw new Error(`${url}: HTTP ${response.status} ${answer.toString()}`);
  return answer;
}

export const CALLERS = { gRPC: grpc, Connect: connect, "gRPC-Web": grpcWeb, REST: rest };
