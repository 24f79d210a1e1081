// A "client under test" of the Connect conformance suite: its own reference client, with a gateway before each server that it is told to call.
import { once } from "node:events";
import { beginProgram } from "./between.ts";
import { readDelimited, writeDelimited } from "./delimited-messages.ts";

const { reference, gatewayTo, read, write, end } = await beginProgram();
const ports = new Map<string, number>();

reference.stdout.pipe(process.stdout);
for await (const bytes of readDelimited(process.stdin)) {
  const call = read("ClientCompatRequest", bytes);
  const server = `${call.host}:${call.port}`;
  const port = ports.get(server) ?? (await gatewayTo({ host: call.host, port: call.port, ca: call.serverTlsCert }));
  ports.set(server, port);
  // Where the server speaks TLS, the gateway does; the client need not, too.
  Object.assign(call, { port, serverTlsCert: Buffer.alloc(0) });
  writeDelimited(reference.stdin, write("ClientCompatRequest", call));
}
reference.stdin.end();
const [code] = (await once(reference, "exit")) as [number | null];
await end(code ?? 1);
