import { startPassingGateway } from "./gateway.ts";
const g = await startPassingGateway({ after: () => undefined } as any, 19191);
console.log(g.address.port);
