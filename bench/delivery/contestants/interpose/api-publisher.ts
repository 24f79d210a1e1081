import { Agent, request } from "undici";
import { ADMIN_TOKEN } from "../../../harness/server.ts";
import { eventOf, type BenchEvent } from "../../cases.ts";
import { now } from "../../clock.ts";
import type { Publisher, PublisherOptions } from "../publisher.ts";

/** Publishes by the API, one event a call, at one server after another. */
export function createApiPublisher({ urls }: PublisherOptions): Promise<Publisher> {
  const dispatcher = new Agent({ keepAliveTimeout: 60_000 });
  let calls = 0;
  const publishOne = async (event: BenchEvent): Promise<void> => {
    const url = urls[calls++ % urls.length] ?? "";
    const response = await request(`${url}/v1/events:publish`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(eventOf(event, now())),
      dispatcher,
    });
    const text = await response.body.text();
    if (response.statusCode !== 200) throw new Error(`a publish was answered with ${response.statusCode}: ${text}`);
  };
  return Promise.resolve({
    async publish(events) {
      for (const event of events) await publishOne(event);
    },
    close: () => dispatcher.close(),
  });
}
