// A worker process of graphile-worker.
import { run } from "graphile-worker";
import { IN_FLIGHT } from "../../cases.ts";
import { assertReceived, post, type Job } from "../post.ts";
import { beWorker } from "../processes.ts";
import { presetOf } from "./preset.ts";

beWorker((connectionString) =>
  run({
    preset: presetOf(connectionString, IN_FLIGHT),
    taskList: {
      async deliver(payload, { job: { id, attempts } }) {
        assertReceived(await post(payload as Job, id, attempts));
      },
    },
    noHandleSignals: true,
  }),
);
