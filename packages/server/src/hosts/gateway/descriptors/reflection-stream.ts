import type { SecureClientSessionOptions } from "node:http2";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import {
  ServerReflection as ReflectionV1,
  type ServerReflectionResponse as ResponseV1,
} from "@interpose/protocol/gen/grpc/reflection/v1/reflection_pb";
import {
  ServerReflection as ReflectionV1Alpha,
  type ServerReflectionResponse as ResponseV1Alpha,
} from "@interpose/protocol/gen/grpc/reflection/v1alpha/reflection_pb";
import { DescriptorProblem } from "./problem.ts";

/** A server that describes itself by gRPC server reflection. */
export interface ReflectionSource {
  readonly kind: "reflection";
  /** `http://host:port` speaks HTTP/2 in the clear, `https://host:port` over TLS. */
  readonly url: string;
  /** Sent with the call, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** For `https`, beyond what Node trusts by itself. */
  readonly tls?: Pick<SecureClientSessionOptions, "ca" | "cert" | "key" | "servername"> | undefined;
  /** For everything, from the connection to the last answer. Default: 10 seconds. */
  readonly timeoutMs?: number | undefined;
}

/** What is asked of a server. */
export interface Question {
  readonly case: "listServices" | "fileByFilename" | "fileContainingSymbol";
  readonly value: string;
}

/** What a server answers. */
export type Answer = (ResponseV1 | ResponseV1Alpha)["messageResponse"];

/** Asks questions, and answers in their order. */
export type Ask = (questions: readonly Question[]) => Promise<readonly Answer[]>;

const DEFAULT_TIMEOUT_MS = 10_000;
/** Questions that are under way at a time: enough to hide the distance, few enough for the buffers between. */
const WINDOW = 32;

/**
 * Opens a stream of reflection, hands it to `work`, and closes it, whatever happens. `work` is begun anew with v1alpha where a server does not have v1. Throws
 * DescriptorProblem.
 */
export async function withReflection<T>(
  source: ReflectionSource,
  maxBytes: number,
  signal: AbortSignal | undefined,
  work: (ask: Ask) => Promise<T>,
): Promise<T> {
  const timeoutMs = source.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const timeout = AbortSignal.timeout(timeoutMs);
  const ended = AbortSignal.any([timeout, ...(signal ? [signal] : [])]);
  const sessionManager = new Http2SessionManager(source.url, {}, source.tls ?? {});
  const transport = createGrpcTransport({ baseUrl: source.url, sessionManager, readMaxBytes: maxBytes });
  const attempt = async (service: typeof ReflectionV1 | typeof ReflectionV1Alpha): Promise<T> => {
    const queue = createQueue();
    const client = createClient(service, transport);
    const options = { signal: ended, ...(source.headers && { headers: source.headers }) };
    const answers: AsyncIterable<ResponseV1 | ResponseV1Alpha> = client.serverReflectionInfo(queue.requests, options);
    try {
      return await work(askOver(answers[Symbol.asyncIterator](), queue.push));
    } finally {
      queue.end();
    }
  };

  try {
    return await orEnded(
      attempt(ReflectionV1).catch((error: unknown) => {
        if (ConnectError.from(error).code !== Code.Unimplemented || error instanceof DescriptorProblem) throw error;
        return attempt(ReflectionV1Alpha);
      }),
      ended,
    );
  } catch (error) {
    if (error instanceof DescriptorProblem) throw error;
    if (timeout.aborted) throw new DescriptorProblem(`it did not answer within ${timeoutMs} ms`, "unavailable", error);
    throw problemFrom(error);
  } finally {
    sessionManager.abort();
  }
}

/** A connection that is never made is not ended by the call's signal, so the signal is waited for here too. */
function orEnded<T>(work: Promise<T>, ended: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject(new ConnectError("the call was given up", Code.Canceled));
    if (ended.aborted) end();
    ended.addEventListener("abort", end, { once: true });
    work.then(resolve, reject).finally(() => ended.removeEventListener("abort", end));
  });
}

function askOver(answers: AsyncIterator<ResponseV1 | ResponseV1Alpha>, push: (question: Question) => void): Ask {
  return async (questions) => {
    const found: Answer[] = [];
    for (let start = 0; start < questions.length; start += WINDOW) {
      const window = questions.slice(start, start + WINDOW);
      for (const question of window) push(question);
      for (const _ of window) {
        const next = await answers.next();
        if (next.done) throw new DescriptorProblem("it ended the stream of answers early", "unavailable");
        found.push(next.value.messageResponse);
      }
    }
    return found;
  };
}

interface Queue {
  readonly requests: AsyncIterable<{ readonly messageRequest: Question }>;
  push(question: Question): void;
  end(): void;
}

function createQueue(): Queue {
  const waiting: { readonly messageRequest: Question }[] = [];
  let isOver = false;
  let wake = (): void => undefined;
  async function* requests(): AsyncGenerator<{ readonly messageRequest: Question }> {
    for (;;) {
      const next = waiting.shift();
      if (next) yield next;
      else if (isOver) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  return {
    requests: requests(),
    push(question) {
      waiting.push({ messageRequest: question });
      wake();
    },
    end() {
      isOver = true;
      wake();
    },
  };
}

function problemFrom(error: unknown): DescriptorProblem {
  const { code, rawMessage } = ConnectError.from(error);
  switch (code) {
    case Code.Unimplemented:
      return new DescriptorProblem(
        "it has no server reflection, neither grpc.reflection.v1 nor v1alpha. Switch it on there, or name a file of descriptors instead",
        "unavailable",
        error,
      );
    case Code.Unauthenticated:
    case Code.PermissionDenied:
      return new DescriptorProblem(
        `it refuses reflection (${Code[code]}: ${rawMessage}). Give the headers that it wants, or name a file of descriptors instead`,
        "unavailable",
        error,
      );
    default:
      return new DescriptorProblem(`reflection failed (${Code[code]}: ${rawMessage})`, "unavailable", error);
  }
}
