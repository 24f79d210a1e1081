import type { DescService } from "@bufbuild/protobuf";
import type { JsonObject } from "@interpose/engine";
import { assemble, type Assembly } from "./assembly/assemble.ts";
import { listen } from "./assembly/listen.ts";
import { createTeardown } from "./assembly/teardown.ts";
import { completeSettings, LEAVES, type SettingsInput } from "./config/index.ts";
import { createPublishInTransaction, type PublishInTransaction } from "./events/publish-in-transaction.ts";
import type { InterceptorHost } from "./hosts/interceptors/interceptor-host.ts";
import { createLog } from "./observe/log.ts";

/** Choices of an Interpose within one's own process: the settings of `interpose serve` by the same names (docs/operating.md), but for those of its port. */
export interface InterposeOptions extends Omit<SettingsInput, "host" | "port" | "tls"> {
  /** Services of this process that conditions can name from the start. Others can be named once an interceptor has met them. */
  readonly services?: readonly DescService[];
  /** Told when the store is gone for good, such as when the embedded PostgreSQL has ended by itself. Default: nothing; calls that need the store are refused. */
  readonly onFatal?: (error: unknown) => void;
}

/** Where the management API listens, when it has a port of its own. */
export type ListenOptions = Pick<SettingsInput, "host" | "port" | "tls">;

/** Within what a function is invoked. */
export interface InvokeOptions {
  /** Ends the invocation when it is aborted: targets that are being called are given up, and no other is called. */
  readonly signal?: AbortSignal;
  /** Longest time, in milliseconds. Default: `limits.maxRunSeconds` of the settings, which is the limit in any case. */
  readonly timeoutMs?: number;
  /** The W3C trace context that the invocation belongs to. */
  readonly traceparent?: string;
  /** The header `interpose-run` of the call that led to this, as it came, so that circles are known. */
  readonly runHeader?: string;
}

/** An Interpose within one's own process. */
export interface Interpose {
  /** Answers a request to the management API, over HTTP/1.1 or HTTP/2: for a server of Node's `http` or `http2`, or behind other handlers of one. */
  readonly handler: Assembly["onRequest"];
  /** Serves the management API on a port of its own: gRPC, gRPC-Web, Connect and REST. Answers its URL. */
  listen(options?: ListenOptions): Promise<string>;
  /** The token of the first admin: on the very first start alone, and only where no `adminToken` was given. Keep it. */
  readonly firstToken: string | undefined;
  /**
   * Invokes a function: calls the targets of its execution in order, each with the input, and answers what they replied together; an empty object where nothing is set
   * on it. Nobody's permission is asked. Throws InterposeError: `function_not_found`, `function_input_invalid`, or what a target refused or failed with.
   */
  invoke(name: string, input: JsonObject, options?: InvokeOptions): Promise<JsonObject>;
  /** What interceptors hang on; they are given the whole Interpose. */
  readonly host: InterceptorHost;
  /**
   * Publishes an event, or a list of events, within a transaction of one's own on the database that Interpose has: both are committed or none is. What is thrown leaves the transaction
   * to be rolled back.
   */
  readonly publish: PublishInTransaction;
  /** Takes no new calls on its ports, lets running ones end, and stops what was started, the store last. Afterwards, calls run no executions. */
  close(): Promise<void>;
}

/**
 * Starts engine, store and management API in this process. Hand what it answers to the interceptor of your server. Where the start fails, everything
 * that was started is stopped again. Throws `settings_invalid` for options that are wrong, and `data_dir_in_use` where another process has the data directory.
 */
export async function createInterpose({ services = [], onFatal, ...given }: InterposeOptions = {}): Promise<Interpose> {
  const settings = completeSettings({ ...given, log: { level: "warn", ...given.log } });
  const teardown = createTeardown();
  const closing = new AbortController();
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing.abort();
    return (closed ??= teardown.run());
  };
  try {
    const { onRequest, firstToken, host, invoke, publisher, depthOf } = await assemble({
      settings,
      origins: originsOf(given),
      log: createLog(settings.log),
      teardown,
      stopping: closing.signal,
      onFatal: (error) => onFatal?.(error),
      embeddedServices: services,
    });
    return {
      handler: onRequest,
      listen: (options = {}) => {
        const { host: address, port, tls, shutdownTimeoutSeconds } = completeSettings({ ...given, ...options });
        return listen(onRequest, { host: address, port, tls, shutdownTimeoutSeconds }, teardown);
      },
      firstToken,
      invoke(name, input, { signal = new AbortController().signal, timeoutMs, traceparent, runHeader } = {}) {
        const deadline = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
        return invoke(name, input, { instanceId: host.instanceId, signal, deadline, traceparent, runHeader });
      },
      host,
      publish: createPublishInTransaction(publisher, depthOf),
      close,
    };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}

/** The paths of the settings that a program gave. */
function originsOf(given: SettingsInput): ReadonlyMap<string, string> {
  const isGiven = (path: readonly string[]): boolean =>
    path.reduce<unknown>((branch, name) => (branch as Record<string, unknown> | undefined)?.[name], given) !==
    undefined;
  return new Map(LEAVES.filter(({ path }) => isGiven(path)).map(({ path }) => [path.join("."), "program"]));
}
