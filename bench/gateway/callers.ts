// Callers that each make a call, pause, and make another one. They measure what a call takes as who makes it sees it.
import { once } from "node:events";
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { answerQuestions } from "../harness/child.ts";
import { quantiles } from "../harness/statistics.ts";
import { grpcMessage } from "./cases.ts";
import type { Latency } from "./load.ts";

const CONNECTIONS = 5;

interface CallersOptions {
  readonly url: string;
  readonly path: string;
  readonly callers: number;
  /** Calls per second of all of them together. */
  readonly rate: number;
  readonly seconds: number;
}

/** What they found. */
export interface CallersFound extends Latency {
  readonly calls: number;
}

const answers = {
  async measure({ url, path, callers, rate, seconds }: CallersOptions): Promise<CallersFound> {
    const sessions = Array.from({ length: CONNECTIONS }, () => connect(url));
    await Promise.all(sessions.map((session) => once(session, "remoteSettings")));
    const times: number[] = [];
    const end = performance.now() + seconds * 1_000;
    await Promise.all(
      Array.from({ length: callers }, async (_, i) => {
        const session = sessions[i % CONNECTIONS];
        if (!session) return;
        // Each call begins at a time of its own, as those of callers do who know nothing of each other.
        for (let next = performance.now(); ;) {
          next += -Math.log(1 - Math.random()) * (callers / rate) * 1_000;
          if (next >= end) return;
          await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())));
          const began = performance.now();
          await call(session, path);
          times.push(performance.now() - began);
        }
      }),
    );
    for (const session of sessions) session.close();
    return { ...quantiles(times), calls: times.length };
  },
};

/** What the callers answer. */
export type CallersAnswers = typeof answers;

async function call(session: ClientHttp2Session, path: string): Promise<void> {
  const request = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
  });
  let status: unknown;
  request.once("trailers", (trailers: IncomingHttpHeaders) => (status = trailers["grpc-status"]));
  request.resume();
  request.end(grpcMessage("what is asked"));
  await once(request, "close");
  if (status !== "0") throw new Error(`a call of ${path} ended with ${String(status)}`);
}

answerQuestions(answers);
