import type { LookupAddress } from "node:dns";
import type { Socket } from "node:net";
import type { CallFailure } from "@interpose/engine";
import { allowedAddresses, createCheckedConnector, createConnector } from "./connect.ts";
import { createEgressRules, type EgressLists } from "./egress/rules.ts";
import { classifyError } from "./failure.ts";
import { resolveBySystem } from "./options.ts";

/** How an endpoint is looked at. */
export interface EndpointCheck extends EgressLists {
  /** Opens a connection too, with TLS where the endpoint has it. Nothing is sent over it. */
  readonly connects: boolean;
  /** Longest time of all of it together. */
  readonly timeoutMs: number;
  /** Finds the addresses of a name. Default: the system's resolver. */
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>;
  /** Certificate authorities that are trusted, as PEM, in place of Node's. */
  readonly ca?: string | undefined;
}

/** How an endpoint can be reached, without a call. */
export type EndpointState =
  | { readonly kind: "reachable"; readonly addresses: readonly string[] }
  | { readonly kind: "failed"; readonly failure: CallFailure; readonly detail: string };

/** Looks whether an endpoint's name resolves to addresses that may be called, and, where that is wanted, connects to one of them as a call would. Throws `settings_invalid` for a list that cannot be read. */
export async function checkEndpoint(endpoint: string, options: EndpointCheck): Promise<EndpointState> {
  const rules = createEgressRules(options);
  const { resolve = resolveBySystem, ca, connects, timeoutMs } = options;
  if (!URL.canParse(endpoint)) return { kind: "failed", failure: "exchange", detail: "it is no URL" };
  const url = new URL(endpoint);
  const late = lateAfter(timeoutMs);
  try {
    const looked = connects
      ? connectTo(url, createCheckedConnector({ rules, resolve, connect: createConnector(ca) }), late.signal)
      : allowedAddresses(url.hostname, rules, resolve);
    return { kind: "reachable", addresses: await Promise.race([looked, late.passed]) };
  } catch (error) {
    if (error === late.error) return { kind: "failed", failure: "timeout", detail: `no answer within ${timeoutMs} ms` };
    return { kind: "failed", ...classifyError(error) };
  } finally {
    late.stop();
  }
}

/** Connects, and hangs up at once. A connection that comes too late is not kept either. */
async function connectTo(
  url: URL,
  connect: ReturnType<typeof createCheckedConnector>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const isTls = url.protocol === "https:";
  const port = url.port === "" ? (isTls ? "443" : "80") : url.port;
  const socket = await new Promise<Socket>((resolve, reject) => {
    connect({ hostname: url.hostname, host: url.host, protocol: url.protocol, port }, (error, made) => {
      if (error) reject(error);
      else if (signal.aborted) made.destroy();
      else resolve(made);
    });
  });
  const address = socket.remoteAddress ?? "";
  // Whatever the other end does with a connection that says nothing is its own affair.
  socket.on("error", () => undefined).destroy();
  return [address];
}

function lateAfter(timeoutMs: number): {
  readonly error: Error;
  readonly passed: Promise<never>;
  readonly signal: AbortSignal;
  stop(): void;
} {
  const error = new Error("it took too long");
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      controller.abort();
      reject(error);
    }, timeoutMs);
  });
  passed.catch(() => undefined);
  return { error, passed, signal: controller.signal, stop: () => clearTimeout(timer) };
}
