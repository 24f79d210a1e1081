import assert from "node:assert/strict";
import { workerData } from "node:worker_threads";
import type { Snapshot } from "@interpose/engine";
import { SHOP_PROTOS } from "../shop.ts";
import { snapshotOf } from "../snapshot.ts";
import { createHooks } from "../../../src/hosts/gateway/calls/hooks.ts";
import { loadDescriptors, type Descriptors } from "../../../src/hosts/gateway/descriptors/index.ts";
import { createRelaySockets } from "../../../src/hosts/gateway/relay-sockets.ts";
import type { ConnectionEvents } from "../../../src/hosts/gateway/relay/connection-events.ts";
import { Connection } from "../../../src/hosts/gateway/relay/connection.ts";
import type { HeaderBlock } from "../../../src/hosts/gateway/relay/hpack/index.ts";
import { createRelay, type RelayedCall } from "../../../src/hosts/gateway/relay/relay.ts";
import { tellWhatIsLeftOf } from "./what-is-left.ts";

const blockOf = (fields: readonly string[]): HeaderBlock => ({ fields, neverIndexed: undefined });
const REQUEST = blockOf([
  ...[":method", "POST", ":scheme", "http", ":path", "/shop.v1.Shop/Order", ":authority", "shop"],
  ...["content-type", "application/grpc", "te", "trailers"],
]);
const RESPONSE = blockOf([":status", "200", "content-type", "application/grpc"]);
const TRAILERS = blockOf(["grpc-status", "0"]);
/** With its prefix; its field `item` is "tea". */
const MESSAGE = Buffer.from([0, 0, 0, 0, 5, 0x0a, 3, ...Buffer.from("tea")]);

/** A client, a gateway and an API in memory. Answers what makes one call. */
function startWorld(descriptors: Descriptors, snapshot: Snapshot): () => Promise<void> {
  const sockets = createRelaySockets((error) => {
    throw error;
  });
  const nothing = (): void => undefined;
  const none = {
    headers: nothing,
    headersTooLarge: nothing,
    data: nothing,
    sent: nothing,
    reset: nothing,
    room: nothing,
    goaway: nothing,
    output: sockets.output,
  };
  const api: ConnectionEvents<undefined> = {
    ...none,
    data(stream, _bytes, _start, _end, endStream) {
      if (!endStream) return;
      stream.connection.sendHeaders(stream, RESPONSE, false);
      stream.connection.sendData(stream, MESSAGE, 0, MESSAGE.byteLength, false);
      stream.connection.sendHeaders(stream, TRAILERS, true);
    },
  };
  const relay = createRelay({
    upstream: () => upstream,
    withdrawn: nothing,
    forwarded: (block) => block,
    intercept: createHooks({
      descriptors: () => descriptors,
      snapshot: () => snapshot,
      run: ({ message }) => Promise.resolve(message),
      maxMessageBytes: 1024,
      maxHeldBytes: 1024 * 1024,
      speaks: new Set(["grpc"]),
      page: undefined,
      cors: undefined,
      callerRequired: false,
      instanceId: "1",
      shownHeaders: [],
      identify: undefined,
    }),
    answer: () => assert.fail("a call did not pass"),
    output: sockets.output,
  });
  const upstream: Connection<RelayedCall> = relay.upstreamConnection({ onRoom: nothing, onGoaway: nothing });
  const client = new Connection<() => void>("client", {
    ...none,
    headers: ({ owner }, _block, endStream) => void (endStream && owner?.()),
  });
  sockets.join(upstream, new Connection("server", api));
  sockets.join(client, relay.clientConnection({ address: "192.0.2.1", scheme: "http" }));
  for (const connection of [client, upstream]) sockets.output(connection);
  return () =>
    new Promise((resolve) => {
      const stream = client.open(resolve, REQUEST, false);
      client.sendData(stream, MESSAGE, 0, MESSAGE.byteLength, true);
    });
}

const descriptors = await loadDescriptors({ kind: "path", path: SHOP_PROTOS });
const conditions = workerData as readonly string[];
const snapshot = snapshotOf(Object.fromEntries(conditions.map((id) => [id, { endpoint: "http://192.0.2.2/" }])));
await tellWhatIsLeftOf(startWorld(descriptors, snapshot));
