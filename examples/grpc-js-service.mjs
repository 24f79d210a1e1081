// A service of @grpc/grpc-js with hooks: Interpose runs in this process, and its interceptor stands before the service.
//   node examples/grpc-js-service.mjs      serves gRPC on PORT, by default 9000, and the management API on 8080; keeps its data in .interpose
import { fileURLToPath } from "node:url";
import { loadPackageDefinition, Server, ServerCredentials } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { createInterpose } from "interpose";
import { interposeInterceptor } from "interpose/grpc-js";

const interpose = await createInterpose({
  dataDir: process.env.INTERPOSE_DATA_DIR ?? ".interpose",
  adminToken: process.env.INTERPOSE_ADMIN_TOKEN,
  egress: { allow: ["127.0.0.0/8"] }, // targets on this machine, to try things
});
if (interpose.firstToken) console.log(`admin token, shown this once: ${interpose.firstToken}`);
console.log(`management at ${await interpose.listen({ port: Number(process.env.INTERPOSE_PORT ?? 8080) })}`);

// With keepCase, targets see the names of the .proto file.
const definition = loadSync(fileURLToPath(new URL("greet/greet.proto", import.meta.url)), { keepCase: true });
const { service } = loadPackageDefinition(definition).greet.v1.Greeter;

const server = new Server({ interceptors: [interposeInterceptor(interpose, { services: [service] })] });
server.addService(service, {
  Greet: ({ request }, callback) => callback(null, { greeting: `Hello, ${request.name}!` }),
  GreetAll(call) {
    call.on("data", ({ name }) => call.write({ greeting: `Hello, ${name}!` }));
    call.on("end", () => call.end());
  },
});
server.bindAsync(`127.0.0.1:${process.env.PORT ?? 9000}`, ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(`ready at http://127.0.0.1:${port}`);
});

process.once("SIGTERM", () => server.tryShutdown(() => void interpose.close()));
