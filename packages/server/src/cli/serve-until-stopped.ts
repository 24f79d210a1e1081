import { assemble } from "../assembly/assemble.ts";
import { listen } from "../assembly/listen.ts";
import { createTeardown } from "../assembly/teardown.ts";
import type { ReadSettings } from "../config/index.ts";
import { createLog } from "../observe/log.ts";
import { VERSION } from "../version.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { startMessage } from "./start-message.ts";

/** What a served process is told and tells. */
export interface ServeIo {
  /** Aborted when the server shall stop; the reason is logged. */
  readonly stop: AbortSignal;
  readonly print: (text: string) => void;
}

/** Serves until it is told to stop. Whatever was started is stopped in reverse order, also when the start fails halfway. */
export async function serve({ settings, origins }: ReadSettings, io: ServeIo): Promise<void> {
  const log = createLog(settings.log);
  const teardown = createTeardown();
  const fatal = new AbortController();
  const ended = AbortSignal.any([io.stop, fatal.signal]);
  try {
    const { store, firstToken, gateways, onRequest } = await assemble({
      settings,
      origins,
      log,
      teardown,
      stopping: ended,
      onFatal: (error) => fatal.abort(error),
      embeddedServices: [],
    });
    collectGarbage();
    const url = await listen(onRequest, settings, teardown);
    log("server.started", { url, store, version: VERSION });
    io.print(startMessage({ version: VERSION, url, store, firstToken, egress: settings.egress, gateways }));
    if (!ended.aborted) await new Promise((resolve) => ended.addEventListener("abort", resolve, { once: true }));
    log("server.stopping", { reason: String(ended.reason) });
  } finally {
    await teardown.run();
  }
  log("server.stopped", { clean: !fatal.signal.aborted });
  if (fatal.signal.aborted) throw fatal.signal.reason;
}
