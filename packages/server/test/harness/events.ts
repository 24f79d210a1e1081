import assert from "node:assert/strict";
import type { Database } from "../../src/store/database.ts";
import { openStore } from "../../src/store/index.ts";
import { cleanUp, type Cleanup } from "./cleanup.ts";
import type { JsonAnswer, RequestOptions, TestServer } from "./server.ts";

/** The store of a running server, to look at what stands in its tables. */
export async function storeOf(t: Cleanup, { databaseUrl, dataDir }: TestServer): Promise<Database> {
  const store = await openStore({
    databaseUrl,
    dataDir,
    role: "cli",
    maxConnections: 5,
    onLost: () => undefined,
    onFatal: (error) => assert.fail(String(error)),
  });
  cleanUp(t, () => store.close());
  return store.database;
}

/** A delivery, as far as tests look at it. */
export interface DeliveryRow {
  readonly executionId: string;
  readonly targetId: string;
  readonly fifoKey: string | null;
  readonly state: string;
  readonly reason: string | null;
}

/** The deliveries of an event, by its id, in their order. */
export function deliveriesOf(database: Database, eventId: string): Promise<readonly DeliveryRow[]> {
  return database.query<DeliveryRow>({
    text: `select execution_id as "executionId", target_id as "targetId", fifo_key as "fifoKey", state, reason
           from interpose.deliveries where event_position = $1 order by id`,
    values: [eventId],
  });
}

/** Publishes an event over REST; fails unless it is published. */
export async function publish(
  server: Pick<TestServer, "request">,
  event: Readonly<Record<string, unknown>>,
  options: RequestOptions = {},
): Promise<{ readonly id: string; readonly sequence: string; readonly repeated?: true }> {
  const answer = await tryToPublish(server, event, options);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

/** Publishes an event over REST, whatever the answer is. */
export function tryToPublish(
  server: Pick<TestServer, "request">,
  event: Readonly<Record<string, unknown>>,
  options: RequestOptions = {},
): Promise<JsonAnswer> {
  return server.request("POST", "/v1/events:publish", event, options);
}
