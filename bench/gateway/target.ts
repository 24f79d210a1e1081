// A call target that changes nothing.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { answerQuestions } from "../harness/child.ts";

let calls = 0;
const server = createServer((request, response) => {
  calls++;
  request.resume();
  response.end();
});
// Connections are kept as long as they are used: what opening one costs is not what is measured.
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1");
const listening = once(server, "listening");

const answers = {
  async url(): Promise<string> {
    await listening;
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  },
  calls: (): number => calls,
};

/** What the target answers. */
export type TargetAnswers = typeof answers;

answerQuestions(answers);
