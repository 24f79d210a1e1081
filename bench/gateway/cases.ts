/** How calls are spread over connections. */
export interface Shape {
  readonly name: string;
  readonly connections: number;
  /** Calls at once on each. */
  readonly streams: number;
}

/** Calls that share connections, as between services, and one call at a time on each of many, as from many small clients. */
export const SHAPES = {
  multiplexed: { name: "5 connections of 10 streams", connections: 5, streams: 10 },
  single: { name: "100 connections of one stream", connections: 100, streams: 1 },
} as const satisfies Record<string, Shape>;

/** What stands between client and API. */
export type Way = "direct" | "nginx" | "gateway" | "hooked";

export const WAY_NAMES: Readonly<Record<Way, string>> = {
  direct: "nothing",
  nginx: "nginx grpc_pass",
  gateway: "gateway, unhooked",
  hooked: "gateway, one no-op call target",
};

/** Callers of the measurement of what a target adds. */
export const CALLERS = 50;

/** Path of a method of `proto/bench/v1/bench.proto`. */
export function pathOf(way: Way): string {
  return `/bench.v1.Bench/${way === "hooked" ? "Hooked" : "Plain"}`;
}

/** A message of the API as gRPC sends it: not compressed, its length, and the field `text`. */
export function grpcMessage(text: string): Buffer {
  const field = Buffer.concat([Buffer.from([0x0a, text.length]), Buffer.from(text)]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(field.byteLength, 1);
  return Buffer.concat([prefix, field]);
}
