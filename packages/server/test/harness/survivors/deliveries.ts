import { workerData } from "node:worker_threads";
import { createTargetCaller } from "@interpose/caller";
import { tellWhatIsLeftOf } from "./what-is-left.ts";

const { endpoint } = workerData as { readonly endpoint: string };
const caller = createTargetCaller({ egressAllow: ["127.0.0.0/8"] });
/** Of all of them, as a worker has one. */
const { signal } = new AbortController();
const payload = Buffer.from(JSON.stringify({ text: "x".repeat(400) }));
let id = 0;
await tellWhatIsLeftOf(() =>
  caller.deliver({ targetId: "1", id: String(id++), endpoint, timeoutMs: 10_000, payload, headers: {} }, signal),
);
await caller.close();
