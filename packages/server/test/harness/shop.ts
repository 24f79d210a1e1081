import { fileURLToPath } from "node:url";
import { create, toBinary, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import {
  credentials,
  loadPackageDefinition,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type Client,
  type ClientOptions,
  type ServerOptions,
  type ServiceDefinition,
  type StatusObject,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { BadRequestSchema, ErrorInfoSchema } from "@interpose/protocol/gen/google/rpc/error_details_pb";
import { StatusSchema } from "@interpose/protocol/gen/google/rpc/status_pb";
import { cleanUp, type Cleanup } from "./cleanup.ts";

/** Folder of the API that stands behind gateways in tests. */
export const SHOP_PROTOS = fileURLToPath(new URL("../protos", import.meta.url));

const THIRD_PARTY = fileURLToPath(new URL("../../../protocol/third_party", import.meta.url));
const DEFINITION = loadSync("shop/v1/shop.proto", { includeDirs: [SHOP_PROTOS, THIRD_PARTY], defaults: true });
const PACKAGE = loadPackageDefinition(DEFINITION) as any;
/** The shop, as @grpc/proto-loader has it. */
export const SHOP_SERVICE = PACKAGE.shop.v1.Shop.service as ServiceDefinition;

/** The error of a bad item. Its details are such as any API may have. */
export const BAD_ITEM = {
  code: "failed_precondition",
  text: "no such item",
  details: [
    { desc: BadRequestSchema, value: { fieldViolations: [{ field: "item", description: "is not sold" }] } },
    { desc: ErrorInfoSchema, value: { reason: "BAD_REQUEST", domain: "interpose" } },
  ],
} as const;

/** What the shop has seen, call by call. */
export interface Shop {
  readonly address: string;
  readonly seen: { readonly method: string; readonly message: any; readonly metadata: Metadata }[];
  readonly cancelled: string[];
  stop(): void;
}

/** Starts the shop, served by @grpc/grpc-js. The item "bad" fails, after what was answered before; orders of "slow" are not answered. */
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
      if (call.request.item === "bad") callback(badItem());
      else if (call.request.item !== "slow") callback(null, answer(call.request));
    },
    Watch(call: any) {
      note("Watch", call, call.request);
      call.on("cancelled", () => cancelled.push("Watch"));
      for (let i = 1; i <= call.request.count; i++) call.write({ text: `${call.request.item} ${i}`, total: i });
      if (call.request.item === "bad") call.emit("error", badItem());
      else call.end();
    },
    Collect(call: any, callback: any) {
      let total = 0;
      call.on("data", (message: any) => {
        note("Collect", call, message);
        total += Number(message.count);
        if (message.item === "bad") callback(badItem());
      });
      call.on("end", () => callback(null, { text: "collected", total }));
    },
    Chat(call: any) {
      call.on("data", (message: any) => {
        note("Chat", call, message);
        if (message.item === "bad") call.emit("error", badItem());
        else call.write(answer(message));
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

function badItem(): StatusObject {
  const code = status.FAILED_PRECONDITION;
  const details = BAD_ITEM.details.map(({ desc, value }: { desc: DescMessage; value: MessageInitShape<DescMessage> }) =>
    anyPack(desc, create(desc, value)),
  );
  const metadata = new Metadata();
  const detailed = create(StatusSchema, { code, message: BAD_ITEM.text, details });
  metadata.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, detailed)));
  return { code, details: BAD_ITEM.text, metadata };
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
