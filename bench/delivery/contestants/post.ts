import { randomBytes } from "node:crypto";
import { RUN_HEADER } from "@interpose/caller";
import { Agent, request } from "undici";
import { WEBHOOK_ID_HEADER, WEBHOOK_TIMESTAMP_HEADER } from "../../../packages/caller/src/headers.ts";
import { signatureHeaders } from "../../../packages/caller/src/signing/sign.ts";
import { createRunChains } from "../../../packages/server/src/hosts/run-chain.ts";
import { IN_FLIGHT } from "../cases.ts";

/** What a job of the queue libraries holds: a request that Interpose would make of an event. */
export interface Job {
  readonly url: string;
  readonly executionId: string;
  readonly body: unknown;
}

const agent = new Agent({ connections: IN_FLIGHT, keepAliveTimeout: 60_000 });

/** As each target of Interpose has one. */
const SIGNING_KEY = { kind: "hmac", secret: "a signing key for benchmarks only" } as const;
const chains = createRunChains(randomBytes(32), Date.now);

/** Makes a job's request, with the headers that Interpose's have: a target takes none that is not signed. `id` is the job's, `attempt` counts from 1. Answers the status. */
export async function post({ url, executionId, body }: Job, id: string, attempt: number): Promise<number> {
  const timestamp = Math.floor(Date.now() / 1_000);
  const bytes = Buffer.from(JSON.stringify(body));
  const response = await request(url, {
    method: "POST",
    headers: {
      "interpose-attempt": String(attempt),
      [RUN_HEADER]: chains.sign({ depth: 1, links: [{ runId: id, executionId }] }),
      [WEBHOOK_ID_HEADER]: id,
      [WEBHOOK_TIMESTAMP_HEADER]: String(timestamp),
      ...signatureHeaders({ id, timestamp, body: bytes }, [SIGNING_KEY]),
      "content-type": "application/json",
      "accept-encoding": "identity",
      "user-agent": "benchmark",
    },
    body: bytes,
    dispatcher: agent,
  });
  await response.body.dump();
  return response.statusCode;
}

/** Throws when a status is not one of success, so that the library tries the job again. */
export function assertReceived(status: number): void {
  if (status >= 300) throw new Error(`the target answered ${status}`);
}
