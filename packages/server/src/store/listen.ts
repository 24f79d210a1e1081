import pg from "pg";

/** A channel that is listened on. */
export interface Subscription {
  stop(): Promise<void>;
}

const LONGEST_WAIT_MS = 5_000;

/**
 * Listens on a connection of its own. States: *listening*; *waiting*, after the connection was lost, a little longer each time; and
 * *stopped*. Each way back to listening calls `onEstablished`, since what was told in between is lost.
 */
export async function listenOn(
  config: pg.ClientConfig,
  channel: string,
  onPayload: (payload: string) => void,
  onEstablished: () => void,
): Promise<Subscription> {
  let client: pg.Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  let stopped = false;
  let failures = 0;

  async function connect(): Promise<void> {
    const next = new pg.Client({ ...config, keepAlive: true });
    let gone = false;
    const lost = (): void => {
      if (gone) return;
      gone = true;
      next.end().catch(() => undefined);
      if (!stopped) retry = setTimeout(reconnect, Math.min(LONGEST_WAIT_MS, 100 * 2 ** Math.min(failures++, 10)));
    };
    next.on("error", lost);
    next.on("end", lost);
    next.on("notification", ({ payload }) => onPayload(payload ?? ""));
    try {
      await next.connect();
      await next.query(`listen ${pg.escapeIdentifier(channel)}`);
    } catch (error) {
      lost();
      throw error;
    }
    client = next;
    failures = 0;
  }

  function reconnect(): void {
    connect().then(onEstablished, () => undefined);
  }

  await connect().catch((error: unknown) => {
    stopped = true;
    clearTimeout(retry);
    throw error;
  });
  return {
    async stop() {
      stopped = true;
      clearTimeout(retry);
      await client?.end().catch(() => undefined);
    },
  };
}
