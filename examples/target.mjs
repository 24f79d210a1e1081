// A target to play with: prints what it is sent, and answers what answer.json says, if it is there.
//   node examples/target.mjs [port]     (9090 by default)
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const port = Number(process.argv[2] ?? 9090);

createServer(async (request, response) => {
  let payload = "";
  for await (const chunk of request) payload += chunk;
  console.log(`target was sent: ${JSON.stringify(JSON.parse(payload || "null"), null, 2)}`);
  const answer = await readFile("answer.json", "utf8").catch(() => "");
  response.writeHead(200, { "content-type": "application/json" }).end(answer);
}).listen(port, "127.0.0.1", () => console.log(`target listens on http://127.0.0.1:${port}/`));
