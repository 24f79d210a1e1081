import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { ConnectionEvents } from "./connection-events.ts";
import { Connection } from "./connection.ts";
import type { HeaderBlock } from "./hpack/index.ts";
import { DEFAULT_LIMITS, type ConnectionLimits } from "./limits.ts";
import { ERROR_CODE } from "./numbers.ts";
import { createRelay, type RelayedCall, type RelayOptions } from "./relay.ts";
import type { Stream } from "./stream.ts";

const fieldsOf = (fields: readonly string[]): HeaderBlock => ({ fields, neverIndexed: undefined });

/** One end of a call: a client, or the upstream. It reads without hurry, or not at all. */
interface End {
  readonly id: string;
  readonly stream: Stream<End>;
  readonly heads: string[];
  received: string;
  ended: boolean;
  resetBy: number | undefined;
  /** Bytes that were received and have got no credit yet. */
  uncredited: number;
}

/** Clients and an upstream in memory, with a relay between them, over pipes that cut bytes anywhere. */
function world({
  upstreamLimits = {},
  cut = () => 1_000,
  intercept,
}: {
  upstreamLimits?: Partial<ConnectionLimits>;
  cut?: () => number;
  intercept?: NonNullable<RelayOptions["intercept"]>;
} = {}) {
  const links: (readonly [Connection<any>, Connection<any>])[] = [];
  const ends = new Map<string, { client: End; upstream: End | undefined }>();
  const upstreamConnections: Connection<RelayedCall>[] = [];
  const waiting = new Set<RelayedCall>();
  const limits = { ...DEFAULT_LIMITS, streamWindow: 2_000, ...upstreamLimits };

  const relay = createRelay({
    limits: { ...DEFAULT_LIMITS, streamWindow: 3_000 },
    output: () => undefined,
    upstream(call) {
      const free = upstreamConnections.find(({ canOpen }) => canOpen);
      if (!free) waiting.add(call);
      return free;
    },
    withdrawn: (call) => void waiting.delete(call),
    forwarded: ({ fields }) => fieldsOf([...fields, "via", "relay"]),
    answer: (failure) => ({ head: fieldsOf([":status", "503"]), body: Buffer.from(failure) }),
    ...(intercept && { intercept }),
  });

  const events = (onNew: (stream: Stream<End>, fields: readonly string[]) => void): ConnectionEvents<End> => ({
    headers(stream, { fields }, endStream) {
      if (!stream.owner) onNew(stream, fields);
      stream.owner?.heads.push(fields.join(" "));
      if (endStream && stream.owner) stream.owner.ended = true;
    },
    headersTooLarge: () => assert.fail(),
    data({ owner }, bytes, start, end, endStream) {
      if (!owner) return;
      owner.received += bytes.toString("latin1", start, end);
      owner.uncredited += end - start;
      if (endStream) owner.ended = true;
    },
    sent: () => undefined,
    reset: ({ owner }, code) => void (owner && (owner.resetBy = code)),
    output: () => undefined,
    room: () => undefined,
    goaway: () => undefined,
  });

  const newEnd = (id: string, stream: Stream<End>): End => ({
    id,
    stream,
    heads: [],
    received: "",
    ended: false,
    resetBy: undefined,
    uncredited: 0,
  });

  function connectUpstream(): Connection<End> {
    const ours = relay.upstreamConnection({ onRoom: () => undefined, onGoaway: () => undefined });
    const theirs = new Connection<End>(
      "server",
      events((stream, fields) => {
        const id = fields[fields.indexOf("x-call") + 1] ?? "";
        stream.owner = newEnd(id, stream);
        const call = ends.get(id);
        if (call) call.upstream = stream.owner;
      }),
      limits,
    );
    links.push([ours, theirs]);
    upstreamConnections.push(ours);
    return theirs;
  }

  function connectClient(): Connection<End> {
    const theirs = relay.clientConnection({ address: "192.0.2.1", scheme: "http" });
    const ours = new Connection<End>(
      "client",
      events(() => undefined),
      limits,
    );
    links.push([ours, theirs]);
    return ours;
  }

  /** Carries bytes until nobody has any. */
  function settle(): void {
    for (let moved = true, rounds = 0; moved; rounds++) {
      assert.ok(rounds < 100_000, "the bytes do not come to an end");
      moved = false;
      for (const [a, b] of links) {
        for (const [from, to] of [
          [a, b],
          [b, a],
        ] as const) {
          for (const chunk of from.output.take()) {
            for (let at = 0; at < chunk.byteLength; moved = true) {
              const size = Math.max(1, cut());
              // A copy, since a socket's bytes are nobody else's.
              to.receive(Buffer.from(chunk.subarray(at, at + size)), 0);
              at += size;
            }
          }
        }
      }
      for (const call of waiting) {
        const free = upstreamConnections.find(({ canOpen }) => canOpen);
        if (free && waiting.delete(call)) relay.begin(call, free);
      }
    }
  }

  function begin(connection: Connection<End>, id: string, endStream = false): End {
    const end = newEnd(id, undefined as never);
    const stream = connection.open(
      end,
      fieldsOf([":method", "POST", ":scheme", "http", ":path", "/a.B/C", "x-call", id]),
      endStream,
    );
    const client = Object.assign(end, { stream });
    ends.set(id, { client, upstream: undefined });
    return client;
  }

  const upstreamEnd = (id: string): End => ends.get(id)?.upstream ?? assert.fail(`${id} has not reached the upstream`);
  return {
    relay,
    links,
    ends,
    upstreamConnections,
    waiting,
    connectUpstream,
    connectClient,
    settle,
    begin,
    upstreamEnd,
  };
}

/** Gives credit for all that an end has received. */
function readAll(end: End): void {
  end.stream.connection.credit(end.stream, end.uncredited);
  end.uncredited = 0;
}

function send(end: End, text: string, endStream = false): void {
  end.stream.connection.sendData(end.stream, Buffer.from(text, "latin1"), 0, text.length, endStream);
}

describe("createRelay()", () => {
  it("carries a call there and back, with changed headers, a body and trailers", () => {
    const { connectUpstream, connectClient, settle, begin, upstreamEnd } = world();
    const upstreamConnection = connectUpstream();
    const connection = connectClient();
    settle();
    const client = begin(connection, "1");
    send(client, "question", true);
    settle();
    const upstream = upstreamEnd("1");
    assert.deepEqual(upstream.heads, [":method POST :scheme http :path /a.B/C x-call 1 via relay"]);
    assert.equal(upstream.received, "question");
    assert.ok(upstream.ended);
    upstream.stream.connection.sendHeaders(upstream.stream, fieldsOf([":status", "200"]), false);
    send(upstream, "answer");
    upstream.stream.connection.sendHeaders(upstream.stream, fieldsOf(["grpc-status", "0"]), true);
    settle();
    assert.deepEqual(client.heads, [":status 200", "grpc-status 0"]);
    assert.equal(client.received, "answer");
    assert.ok(client.ended);
    assert.equal(connection.size, 0);
    assert.equal(upstreamConnection.size, 0);
  });

  it("holds a call until there is a connection, with what has come of it", () => {
    const { connectUpstream, connectClient, settle, begin, upstreamEnd } = world();
    const connection = connectClient();
    settle();
    const client = begin(connection, "1");
    send(client, "early ");
    settle();
    send(client, "late");
    client.stream.connection.sendHeaders(client.stream, fieldsOf(["x-trailer", "1"]), true);
    settle();
    connectUpstream();
    settle();
    const upstream = upstreamEnd("1");
    assert.equal(upstream.received, "early late");
    assert.equal(upstream.heads.at(-1), "x-trailer 1");
    assert.ok(upstream.ended);
  });

  it("does not begin a call that its client has given up", () => {
    const { connectClient, connectUpstream, settle, begin, ends, waiting } = world();
    const connection = connectClient();
    settle();
    const client = begin(connection, "1");
    settle();
    connection.reset(client.stream, ERROR_CODE.CANCEL);
    settle();
    assert.equal(waiting.size, 0);
    connectUpstream();
    settle();
    assert.equal(ends.get("1")?.upstream, undefined);
  });

  it("answers a call that waited in vain", () => {
    const { relay, waiting, connectClient, settle, begin } = world();
    const connection = connectClient();
    settle();
    const client = begin(connection, "1", true);
    settle();
    for (const call of waiting) relay.giveUp(call, "unreachable");
    waiting.clear();
    settle();
    assert.deepEqual(client.heads, [":status 503"]);
    assert.equal(client.received, "unreachable");
    assert.ok(client.ended);
  });

  it("tells an interceptor no end of what it has refused, though both came in one frame", () => {
    const told: string[] = [];
    const answer = { head: fieldsOf([":status", "400"]), body: undefined };
    const refusing = (side: "request" | "response"): NonNullable<RelayOptions["intercept"]> => {
      return (_head, block) => (call) => {
        if (side === "response") call.begin(block);
        const data = (): void => call.refuse(answer, {});
        const noted = (what: string) => (): void => void told.push(what);
        return {
          requestData: side === "request" ? data : noted("request data"),
          requestEnd: noted("request end"),
          requestSent: noted("request sent"),
          responseHead: noted("response head"),
          responseData: data,
          responseEnd: noted("response end"),
          responseSent: noted("response sent"),
          requestUnwanted: noted("request unwanted"),
          upstreamReset: () => false,
          closed: noted("closed"),
        };
      };
    };
    for (const side of ["request", "response"] as const) {
      const { connectUpstream, connectClient, settle, begin, upstreamEnd } = world({ intercept: refusing(side) });
      connectUpstream();
      const connection = connectClient();
      settle();
      const client = begin(connection, "1");
      if (side === "request") send(client, "question", true);
      settle();
      if (side === "response") {
        const { stream } = upstreamEnd("1");
        stream.connection.sendHeaders(stream, fieldsOf([":status", "200"]), false);
        send(upstreamEnd("1"), "answer", true);
        settle();
      }
      assert.deepEqual(client.heads, [":status 400"]);
      assert.ok(client.ended);
    }
    assert.deepEqual(told, ["closed", "response head", "closed"]);
  });

  it("passes a reset on, either way", () => {
    const { connectUpstream, connectClient, settle, begin, upstreamEnd } = world();
    connectUpstream();
    const connection = connectClient();
    settle();
    const [first, second] = [begin(connection, "1"), begin(connection, "2")];
    settle();
    connection.reset(first.stream, ERROR_CODE.CANCEL);
    const upstream = upstreamEnd("2");
    upstream.stream.connection.reset(upstream.stream, ERROR_CODE.ENHANCE_YOUR_CALM);
    settle();
    assert.equal(upstreamEnd("1").resetBy, ERROR_CODE.CANCEL);
    assert.equal(second.resetBy, ERROR_CODE.ENHANCE_YOUR_CALM);
    assert.equal(connection.size, 0);
  });

  it("tells callers in an answer that their calls were refused, or that the upstream went away before it answered", () => {
    const { connectUpstream, connectClient, settle, begin, upstreamEnd, upstreamConnections } = world();
    connectUpstream();
    const connection = connectClient();
    settle();
    const [refused, lost, halfway] = [
      begin(connection, "1", true),
      begin(connection, "2", true),
      begin(connection, "3", true),
    ];
    settle();
    upstreamEnd("1").stream.connection.reset(upstreamEnd("1").stream, ERROR_CODE.REFUSED_STREAM);
    upstreamEnd("3").stream.connection.sendHeaders(upstreamEnd("3").stream, fieldsOf([":status", "200"]), false);
    settle();
    assert.deepEqual([refused.heads, refused.received], [[":status 503"], "refused"]);
    upstreamConnections[0]?.lost();
    settle();
    assert.deepEqual([lost.heads, lost.received], [[":status 503"], "refused"]);
    assert.deepEqual([halfway.heads, halfway.resetBy], [[":status 200"], ERROR_CODE.INTERNAL_ERROR]);
  });

  it("lets a response reach its client whole, when the upstream does not want the rest of the request", () => {
    const { connectUpstream, connectClient, settle, begin, upstreamEnd } = world();
    connectUpstream();
    const connection = connectClient();
    settle();
    const client = begin(connection, "1");
    send(client, "x".repeat(100));
    settle();
    const upstream = upstreamEnd("1");
    upstream.stream.connection.sendHeaders(upstream.stream, fieldsOf([":status", "200"]), false);
    send(upstream, "y".repeat(1_500), true);
    settle();
    upstream.stream.connection.reset(upstream.stream, ERROR_CODE.NO_ERROR);
    settle();
    assert.equal(client.received.length, 1_500);
    assert.ok(client.ended);
    assert.equal(client.resetBy, ERROR_CODE.NO_ERROR);
  });

  it("lets what came before a reset that is no error reach its client", () => {
    const { connectUpstream, connectClient, settle, begin, upstreamEnd } = world();
    connectUpstream();
    const connection = connectClient();
    settle();
    const client = begin(connection, "1", true);
    settle();
    const upstream = upstreamEnd("1");
    upstream.stream.connection.sendHeaders(upstream.stream, fieldsOf([":status", "200"]), false);
    send(upstream, "y".repeat(2_900));
    settle();
    upstream.stream.connection.reset(upstream.stream, ERROR_CODE.NO_ERROR);
    settle();
    assert.equal(client.received.length, 2_000, "the client's window");
    assert.equal(client.resetBy, undefined);
    readAll(client);
    settle();
    assert.equal(client.received.length, 2_900);
    assert.equal(client.resetBy, ERROR_CODE.NO_ERROR);
  });

  it("holds a sender back when its receiver does not read, and nobody else", () => {
    const { connectUpstream, connectClient, settle, begin, upstreamEnd } = world();
    connectUpstream();
    const connection = connectClient();
    settle();
    const [slow, quick] = [begin(connection, "slow"), begin(connection, "quick")];
    send(slow, "s".repeat(100_000), true);
    settle();
    const upstreamSlow = upstreamEnd("slow");
    // The upstream's window of 2,000, and what the relay lets its client send beyond it.
    assert.equal(upstreamSlow.received.length, 2_000);
    send(quick, "q".repeat(1_000), true);
    settle();
    assert.equal(upstreamEnd("quick").received.length, 1_000);
    for (let i = 0; i < 1_000 && !upstreamSlow.ended; i++) {
      readAll(upstreamSlow);
      settle();
    }
    assert.equal(upstreamSlow.received.length, 100_000);
  });

  it("carries what is sent, in order and whole, however it is cut, held back and given up", () => {
    type Step =
      | { readonly do: "begin"; readonly connection: number }
      | { readonly do: "up" | "down"; readonly call: number; readonly size: number; readonly end: boolean }
      | { readonly do: "read"; readonly call: number }
      | { readonly do: "cancel"; readonly call: number };
    const call = fc.nat({ max: 9 });
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 3, arbitrary: fc.record({ do: fc.constant("begin" as const), connection: fc.nat({ max: 1 }) }) },
      {
        weight: 8,
        arbitrary: fc.record({
          do: fc.constantFrom("up" as const, "down" as const),
          call,
          size: fc.nat({ max: 5_000 }),
          end: fc.boolean(),
        }),
      },
      { weight: 5, arbitrary: fc.record({ do: fc.constant("read" as const), call }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const), call }) },
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1 }),
        (steps, cuts) => {
          let nth = 0;
          const { connectUpstream, connectClient, settle, begin, ends } = world({
            upstreamLimits: { maxConcurrentStreams: 4 },
            cut: () => cuts[nth++ % cuts.length] ?? 1,
          });
          const upstreams = [connectUpstream(), connectUpstream()];
          const connections = [connectClient(), connectClient()];
          settle();
          const sent = new Map<
            string,
            { up: string; down: string; upEnded: boolean; answered: boolean; downEnded: boolean; cancelled: boolean }
          >();
          const ids: string[] = [];
          for (const each of steps) {
            if (each.do === "begin") {
              const id = String(ids.length);
              ids.push(id);
              begin(connections[each.connection] ?? assert.fail(), id);
              sent.set(id, { up: "", down: "", upEnded: false, answered: false, downEnded: false, cancelled: false });
            } else {
              const id = ids[each.call % Math.max(1, ids.length)];
              const known = id === undefined ? undefined : sent.get(id);
              const both = id === undefined ? undefined : ends.get(id);
              if (!known || !both || known.cancelled) continue;
              if (each.do === "up" && !known.upEnded) {
                const text = String.fromCharCode(97 + (known.up.length % 26)).repeat(each.size);
                known.up += text;
                known.upEnded = each.end;
                send(both.client, text, each.end);
              } else if (each.do === "down" && both.upstream && !known.downEnded) {
                const text = String.fromCharCode(65 + (known.down.length % 26)).repeat(each.size);
                if (!known.answered)
                  both.upstream.stream.connection.sendHeaders(
                    both.upstream.stream,
                    fieldsOf([":status", "200"]),
                    false,
                  );
                known.answered = true;
                known.down += text;
                // Trailers, now and then, in place of an end with the body.
                known.downEnded = each.end;
                if (each.end && each.size % 2 === 0) {
                  send(both.upstream, text);
                  both.upstream.stream.connection.sendHeaders(both.upstream.stream, fieldsOf(["x-end", "1"]), true);
                } else send(both.upstream, text, each.end);
              } else if (each.do === "read") {
                readAll(both.client);
                if (both.upstream) readAll(both.upstream);
              } else if (each.do === "cancel") {
                known.cancelled = true;
                both.client.stream.connection.reset(both.client.stream, ERROR_CODE.CANCEL);
              }
            }
            settle();
          }
          // In the end all is read, so all arrives.
          for (let i = 0; i < 200; i++) {
            for (const { client, upstream } of ends.values()) {
              readAll(client);
              if (upstream) readAll(upstream);
            }
            settle();
          }
          for (const [id, known] of sent) {
            const { client, upstream } = ends.get(id) ?? assert.fail();
            if (known.cancelled) continue;
            if (upstream) assert.equal(upstream.received, known.up, `up ${id}`);
            assert.equal(client.received, known.down, `down ${id}`);
            assert.equal(client.ended, known.downEnded);
            if (upstream) assert.equal(upstream.ended, known.upEnded);
          }
          const open = [...sent.values()].filter((each) => !each.cancelled && !(each.upEnded && each.downEnded)).length;
          assert.equal(
            connections.reduce((sum, { size }) => sum + size, 0),
            open,
            "streams that are over are forgotten",
          );
          for (const connection of [...connections, ...upstreams]) assert.equal(connection.error, undefined);
        },
      ),
      { numRuns: 300 },
    );
  });
});
