import { Agent, request } from "undici";
import { WEBHOOK_ID_HEADER, WEBHOOK_TIMESTAMP_HEADER } from "../../../packages/caller/src/headers.ts";
import { signatureHeaders } from "../../../packages/caller/src/signing/sign.ts";
import { IN_FLIGHT } from "../cases.ts";

/** What a job of the queue libraries holds: a request that Interpose would make of an event. */
export interface Job {
  readonly url: string;
  readonly body: unknown;
}

/** A request that was made of a job. */
export interface Posted {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

const agent = new Agent({ connections: IN_FLIGHT, keepAliveTimeout: 60_000 });

/** As each target of Interpose has one. */
const SIGNING_KEY = { kind: "hmac", secret: "a signing key for benchmarks only" } as const;

/** Makes a job's request: signed as Interpose's are, for a target takes no others. `id` is the job's. */
export async function post({ url, body }: Job, id: string): Promise<Posted> {
  const timestamp = Math.floor(Date.now() / 1_000);
  const bytes = Buffer.from(JSON.stringify(body));
  const headers = {
    "content-type": "application/json",
    [WEBHOOK_ID_HEADER]: id,
    [WEBHOOK_TIMESTAMP_HEADER]: String(timestamp),
    ...signatureHeaders({ id, timestamp, body: bytes }, [SIGNING_KEY]),
  };
  const response = await request(url, { method: "POST", headers, body: bytes, dispatcher: agent });
  await response.body.dump();
  return { status: response.statusCode, headers };
}

/** Throws when a status is not one of success, so that the library tries the job again. */
export function assertReceived(status: number): void {
  if (status >= 300) throw new Error(`the target answered ${status}`);
}
