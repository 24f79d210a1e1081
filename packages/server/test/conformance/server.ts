// A "server under test" of the Connect conformance suite: its own reference server, with a gateway before it.
import { beginProgram } from "./between.ts";
import { readDelimited, writeDelimited } from "./delimited-messages.ts";

const { reference, between, gatewayTo, read, write } = await beginProgram();

/** `HTTP_VERSION_2` and `PROTOCOL_GRPC` of the suite, in the clear. */
const GRPC_IN_THE_CLEAR = { httpVersion: 2, protocol: 2, useTls: false, serverCreds: undefined };

for await (const bytes of readDelimited(process.stdin)) {
  const asked = read("ServerCompatRequest", bytes);
  const tls = asked.serverCreds && {
    cert: Buffer.from(asked.serverCreds.cert),
    key: Buffer.from(asked.serverCreds.key),
  };
  if (between.isUpstreamGrpc) Object.assign(asked, GRPC_IN_THE_CLEAR);
  writeDelimited(reference.stdin, write("ServerCompatRequest", asked));
  reference.stdin.end();
  const { value } = await readDelimited(reference.stdout).next();
  const started = read("ServerCompatResponse", value);
  const port = await gatewayTo({ host: started.host, port: started.port, ca: started.pemCert }, tls);
  Object.assign(started, { host: "127.0.0.1", port, pemCert: tls?.cert ?? Buffer.alloc(0) });
  writeDelimited(process.stdout, write("ServerCompatResponse", started));
}
