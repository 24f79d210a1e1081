import { Agent, request } from "undici";
import { IN_FLIGHT } from "../cases.ts";

/** What a job of the queue libraries holds: a request that Interpose would make of an event. */
export interface Job {
  readonly url: string;
  readonly body: unknown;
}

const agent = new Agent({ connections: IN_FLIGHT, keepAliveTimeout: 60_000 });

/** Makes a job's request. Throws when it is answered with anything but success, so that the library tries it again. */
export async function post({ url, body }: Job): Promise<void> {
  const response = await request(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    dispatcher: agent,
  });
  await response.body.dump();
  if (response.statusCode >= 300) throw new Error(`the target answered ${response.statusCode}`);
}
