// What Node lacks for handlers of Fetch: a server of them.
import { createServer } from "node:http";
import { Readable } from "node:stream";

/** Serves `(Request) => Response` until it is told to end. */
export function serve(handle) {
  const server = createServer(async (incoming, outgoing) => {
    const { method, headers, url } = incoming;
    const body = method === "GET" || method === "HEAD" ? undefined : Readable.toWeb(incoming);
    const request = new Request(`http://${headers.host}${url}`, { method, headers, body, duplex: "half" });
    const response = await handle(request);
    outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text());
  });
  const port = Number(process.env.PORT ?? 9090);
  server.listen(port, "127.0.0.1", () => console.log(`ready at http://127.0.0.1:${server.address().port}/`));
  process.once("SIGTERM", () => server.close().closeAllConnections());
}
