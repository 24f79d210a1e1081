// A transactional outbox: what a service writes and the event that tells of it are committed together, or neither is. It prints what happens, and ends.
//   DATABASE_URL=postgres://... node examples/outbox.mjs      tables of one's own and Interpose's in one database
import { createServer } from "node:http";
import pg from "pg";
import { createInterpose } from "interpose";

const databaseUrl = process.env.DATABASE_URL;
if (!databaseUrl) throw new Error("DATABASE_URL says which PostgreSQL to use");

// A target, and an execution that tells it of all events of orders.
const target = createServer((request, response) => response.end());
await new Promise((resolve) => target.listen(0, "127.0.0.1", resolve));
const interpose = await createInterpose({
  databaseUrl,
  adminToken: "a-token-for-the-examples",
  egress: { allow: ["127.0.0.0/8"] },
});
const url = await interpose.listen({ port: 0 });

async function manage(method, path, body) {
  const headers = { authorization: "Bearer a-token-for-the-examples", "content-type": "application/json" };
  const answer = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

const endpoint = `http://127.0.0.1:${target.address().port}/`;
const { id } = await manage("POST", "/v3alpha/targets", { name: "orders", endpoint, restAsync: {}, timeout: "5s" });
await manage("PUT", "/v3alpha/executions", { condition: { event: { group: "order" } }, targets: [{ target: id }] });

// The service, with a table of its own.
const pool = new pg.Pool({ connectionString: databaseUrl });
await pool.query("create table if not exists orders (id text primary key, item text not null)");

async function placeOrder(order) {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await interpose.publish(client, { type: "order.placed", aggregateId: order.id, payload: { item: order.item } });
    await client.query("insert into orders values ($1, $2)", [order.id, order.item]);
    await client.query("commit");
    console.log(`order ${order.id} is placed`);
  } catch (error) {
    await client.query("rollback");
    console.log(`order ${order.id} is not: ${error.message}`);
  } finally {
    client.release();
  }
}

await placeOrder({ id: "1", item: "tea" });
await placeOrder({ id: "2", item: null });
const { events } = await manage("GET", "/v1/events?type=order.placed");
for (const { type, aggregateId, payload } of events)
  console.log(`${type} of ${aggregateId}: ${JSON.stringify(payload)}`);

await pool.end();
await interpose.close();
target.close().closeAllConnections();
