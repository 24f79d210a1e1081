import { Agent, request } from "undici";
import { IN_FLIGHT } from "../cases.ts";

/** What a job of the queue libraries holds: a request that Interpose would make of an event. */
export interface Job {
  readonly url: string;
  readonly body: unknown;
}

const agent = new Agent({ connections: IN_FLIGHT, keepAliveTimeout: 60_000 });

/** Makes a job's request, and answers the status of the reply. */
export async function post({ url, body }: Job): Promise<number> {
  const response = await request(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    dispatcher: agent,
  });
  await response.body.dump();
  return response.statusCode;
}

/** Throws when a status is not one of success, so that the library tries the job again. */
export function assertReceived(status: number): void {
  if (status >= 300) throw new Error(`the target answered ${status}`);
}
