import { fileURLToPath } from "node:url";
import {
  credentials,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type Client,
  type ClientOptions,
  type Metadata,
  type ServerOptions,
  type ServiceDefinition,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { cleanUp, type Cleanup } from "./cleanup.ts";

/** Folder of the API that stands behind gateways in tests. */
export const SHOP_PROTOS = fileURLToPath(new URL("../protos", import.meta.url));

const THIRD_PARTY = fileURLToPath(new URL("../../../protocol/third_party", import.meta.url));
const DEFINITION = loadSync("shop/v1/shop.proto", { includeDirs: [SHOP_PROTOS, THIRD_PARTY], defaults: true });
const PACKAGE = loadPackageDefinition(DEFINITION) as any;
/** The shop, as @grpc/proto-loader has it. */
export const SHOP_SERVICE = PACKAGE.shop.v1.Shop.service as ServiceDefinition;

/** What the shop has seen, call by call. */
export interface Shop {
  readonly address: string;
  readonly seen: { readonly method: string; readonly message: any; readonly metadata: Metadata }[];
  readonly cancelled: string[];
  stop(): void;
}

/** Starts the shop, served by @grpc/grpc-js. Orders of the item "bad" fail; those of "slow" are not answered. */
export async function startShop(t: Cleanup, port = 0, options: ServerOptions = {}): Promise<Shop> {
  const seen: Shop["seen"] = [];
  const cancelled: string[] = [];
  const note = (method: string, call: any, message: any): void => {
    seen.push({ method, message, metadata: call.metadata });
  };
  const answer = ({ item, count }: any): unknown => ({ text: `${count} ${item}`, total: count });
  const server = new Server(options);
  server.addService(SHOP_SERVICE, {
    Order(call: any, callback: any) {
      note("Order", call, call.request);
      call.on("cancelled", () => cancelled.push("Order"));
      if (call.request.item === "bad") callback({ code: 9, details: "no such item" });
      else if (call.request.item !== "slow") callback(null, answer(call.request));
    },
    Watch(call: any) {
      note("Watch", call, call.request);
      call.on("cancelled", () => cancelled.push("Watch"));
      for (let i = 1; i <= call.request.count; i++) call.write({ text: `${call.request.item} ${i}`, total: i });
      call.end();
    },
    Collect(call: any, callback: any) {
      let total = 0;
      call.on("data", (message: any) => {
        note("Collect", call, message);
        total += Number(message.count);
      });
      call.on("end", () => callback(null, { text: "collected", total }));
    },
    Chat(call: any) {
      call.on("data", (message: any) => {
        note("Chat", call, message);
        call.write(answer(message));
      });
      call.on("end", () => call.end());
    },
  });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, given) =>
      error ? reject(error) : resolve(given),
    );
  });
  cleanUp(t, () => server.forceShutdown());
  return { address: `127.0.0.1:${bound}`, seen, cancelled, stop: () => server.forceShutdown() };
}

/** A client of the shop, of @grpc/grpc-js. It is closed after the test. */
export function shopClient(t: Cleanup, address: string, options: ClientOptions = {}): Client & Record<string, any> {
  const client = new PACKAGE.shop.v1.Shop(address, credentials.createInsecure(), options);
  cleanUp(t, () => client.close());
  return client;
}

/** Makes a unary call; answers the response, or throws the ServiceError. */
export function order(client: Record<string, any>, message: object, ...rest: unknown[]): Promise<any> {
  return new Promise((resolve, reject) => {
    client.Order(message, ...rest, (error: Error | null, response: unknown) =>
      error ? reject(error) : resolve(response),
    );
  });
}

/** Reads a stream to its end; answers its messages and its error. */
export function readStream(stream: any): Promise<{ readonly messages: any[]; readonly error: any }> {
  return new Promise((resolve) => {
    const messages: any[] = [];
    stream.on("data", (message: any) => messages.push(message));
    stream.on("error", (error: any) => resolve({ messages, error }));
    stream.on("end", () => resolve({ messages, error: undefined }));
  });
}
