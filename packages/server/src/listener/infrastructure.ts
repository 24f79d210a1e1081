import { setTimeout } from "node:timers/promises";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "@interpose/protocol/gen/grpc/health/v1/health_pb";
import {
  ServerReflection,
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
} from "@interpose/protocol/gen/grpc/reflection/v1/reflection_pb";
import {
  ServerReflection as ServerReflectionV1Alpha,
  ServerReflectionRequestSchema as V1AlphaRequestSchema,
  ServerReflectionResponseSchema as V1AlphaResponseSchema,
} from "@interpose/protocol/gen/grpc/reflection/v1alpha/reflection_pb";
import type { Reflection } from "@interpose/protocol";

/** How often a watcher of the health is looked after. */
const WATCH_INTERVAL_MS = 1_000;

/** What says whether the server can do its work. */
export interface Readiness {
  /** Why the server is not ready; undefined when it is. */
  notReadyBecause(): Promise<string | undefined>;
  /** Aborted when the server is told to stop. */
  readonly stopping: AbortSignal;
}

/** The gRPC health service (https://github.com/grpc/grpc/blob/master/doc/health-checking.md) for the server and each of its services. */
export function addHealth(router: ConnectRouter, services: readonly string[], readiness: Readiness): void {
  const status = async (): Promise<ServingStatus> =>
    (await readiness.notReadyBecause()) === undefined ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  const known = new Set(["", ...services]);
  router.service(Health, {
    async check({ service }) {
      if (!known.has(service)) throw new ConnectError("unknown service", Code.NotFound);
      return { status: await status() };
    },
    async list() {
      const now = await status();
      return { statuses: Object.fromEntries([...known].map((service) => [service, { status: now }])) };
    },
    async *watch({ service }, context) {
      const signal = AbortSignal.any([context.signal, readiness.stopping]);
      let last: ServingStatus | undefined;
      for (let isLast = false; !isLast;) {
        // Asked before the status is: the watcher is told that the server stops, and that is the end.
        isLast = signal.aborted;
        const now = known.has(service) ? await status() : ServingStatus.SERVICE_UNKNOWN;
        if (now !== last) yield { status: now };
        last = now;
        if (!isLast) await setTimeout(WATCH_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
      }
      throw stopped();
    },
  });
}

/** Ends a stream that nobody else would end, so that it does not hold up the end of the server. Clients try again elsewhere. */
function stopped(): ConnectError {
  return new ConnectError("The server is stopping.", Code.Unavailable);
}

/** What comes in until the server stops; then `unavailable` is thrown. */
async function* untilStopped<T>(requests: AsyncIterable<T>, stopping: AbortSignal): AsyncIterable<T> {
  if (stopping.aborted) throw stopped();
  const iterator = requests[Symbol.asyncIterator]();
  const stop = Promise.withResolvers<never>();
  const reject = (): void => stop.reject(stopped());
  stopping.addEventListener("abort", reject, { once: true });
  stop.promise.catch(() => undefined);
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), stop.promise]);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    stopping.removeEventListener("abort", reject);
  }
}

/** Server reflection, in the version that clients are moving to and in the one that many still ask for. Their wire is the same. */
export function addReflection(router: ConnectRouter, reflection: Reflection, { stopping }: Readiness): void {
  router.service(ServerReflection, {
    async *serverReflectionInfo(requests) {
      const sent = new Set<string>();
      for await (const request of untilStopped(requests, stopping)) yield reflection.answer(request, sent);
    },
  });
  router.service(ServerReflectionV1Alpha, {
    async *serverReflectionInfo(requests) {
      const sent = new Set<string>();
      // The two versions are the same on the wire, and only there do their types meet.
      for await (const request of untilStopped(requests, stopping)) {
        const asked = fromBinary(ServerReflectionRequestSchema, toBinary(V1AlphaRequestSchema, request));
        const answered = toBinary(ServerReflectionResponseSchema, reflection.answer(asked, sent));
        yield fromBinary(V1AlphaResponseSchema, answered);
      }
    },
  });
}
