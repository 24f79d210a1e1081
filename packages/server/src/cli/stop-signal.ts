/** Terminals, npm and launchers each pass a signal on, so that one Ctrl-C can arrive several times. */
const SAME_SIGNAL_MS = 1_000;

/**
 * A signal that is aborted by SIGTERM or SIGINT, when the terminal is closed, or when the launcher that started this process on a newer Node is gone. Somebody who asks
 * again, a second or more later, does not want to wait: the process ends at once.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  let firstAt = 0;
  const stop = (reason: string): void => {
    if (!controller.signal.aborted) {
      firstAt = Date.now();
      controller.abort(reason);
    } else if (Date.now() - firstAt > SAME_SIGNAL_MS) process.exit(1);
  };
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
  // The terminal was closed. Elsewhere it is left as it is: a handler would take back that nohup ignores it.
  if (process.stdout.isTTY) process.on("SIGHUP", () => stop("SIGHUP"));
  if (process.env.INTERPOSE_LAUNCH_CHANNEL !== undefined && process.channel) {
    process.on("disconnect", () => stop("the launcher is gone"));
    // The channel alone must not keep a process alive whose work is done.
    process.channel.unref();
  }
  return controller.signal;
}
