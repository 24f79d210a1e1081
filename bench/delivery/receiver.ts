// Receives what all contestants send. What it does with a request stands in its path: /ok/3, /fails-first/3, /slow/3, /backlog/3, where the number is the target's.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { answerQuestions } from "../harness/child.ts";
import { quantiles, type Quantiles } from "../harness/statistics.ts";
import { failsFirst } from "./cases.ts";
import { now } from "./clock.ts";

/** How a target behaves. */
export type Behaviour = "ok" | "fails-first" | "slow" | "backlog";

/** What came to targets of one behaviour, and was received well. */
export interface Receipts {
  /** Different events. */
  readonly events: number;
  /** Events that came again after they had been received. */
  readonly repeated: number;
  /** From publish to receipt, in milliseconds. */
  readonly latency: Quantiles;
  /** Events per second, without the first and the last tenth of them: while all were busy. */
  readonly perSecond: number;
  /** From the first receipt to the last one, in milliseconds. */
  readonly spanMs: number;
}

/** How long targets take, in milliseconds. Others answer at once. */
const ANSWER_AFTER_MS: Readonly<Partial<Record<Behaviour, number>>> = { slow: 1_000, backlog: 25 };

interface Received {
  readonly seen: Set<number>;
  readonly refused: Set<number>;
  readonly latencies: number[];
  readonly times: number[];
  repeated: number;
}

let received = new Map<string, Received>();

function receivedBy(behaviour: string): Received {
  let of = received.get(behaviour);
  if (!of) {
    of = { seen: new Set(), refused: new Set(), latencies: [], times: [], repeated: 0 };
    received.set(behaviour, of);
  }
  return of;
}

/** Takes a request down, and answers its status. */
function receive(behaviour: string, body: string): number {
  const at = now();
  const of = receivedBy(behaviour);
  const n = Number(/"n": ?(\d+)/.exec(body)?.[1]);
  const published = Number(/"at": ?([\d.]+)/.exec(body)?.[1]);
  if (behaviour === "fails-first" && failsFirst(n) && !of.refused.has(n)) {
    of.refused.add(n);
    return 500;
  }
  if (of.seen.has(n)) {
    of.repeated++;
    return 204;
  }
  of.seen.add(n);
  of.latencies.push(at - published);
  of.times.push(at);
  return 204;
}

const server = createServer((request, response) => {
  const behaviour = (request.url ?? "").split("/")[1] as Behaviour;
  let body = "";
  request.setEncoding("utf8").on("data", (text: string) => (body += text));
  request.on("end", () => {
    const answer = (): void => void response.writeHead(receive(behaviour, body)).end();
    const delay = ANSWER_AFTER_MS[behaviour];
    if (delay === undefined) answer();
    else setTimeout(answer, delay);
  });
});
// Connections are kept as long as they are used: what opening one costs is not what is measured.
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1");
const listening = once(server, "listening");

const answers = {
  async url(): Promise<string> {
    await listening;
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
  /** Forgets what came. */
  reset(): void {
    received = new Map();
  },
  /** How many different events have been received well. */
  count: (behaviour: Behaviour): number => receivedBy(behaviour).seen.size,
  receipts(behaviour: Behaviour): Receipts {
    const { seen, repeated, latencies, times } = receivedBy(behaviour);
    const tenth = Math.floor(times.length / 10);
    const [from = Number.NaN, to = Number.NaN] = [times[tenth], times[times.length - 1 - tenth]];
    return {
      events: seen.size,
      repeated,
      latency: quantiles(latencies),
      perSecond: ((times.length - 1 - 2 * tenth) / (to - from)) * 1_000,
      spanMs: (times.at(-1) ?? Number.NaN) - (times[0] ?? Number.NaN),
    };
  },
};

/** What the receiver answers. */
export type ReceiverAnswers = typeof answers;

answerQuestions(answers);
