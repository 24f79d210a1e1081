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
      let last: ServingStatus | undefined;
      while (!context.signal.aborted) {
        const now = known.has(service) ? await status() : ServingStatus.SERVICE_UNKNOWN;
        if (now !== last) yield { status: now };
        last = now;
        await setTimeout(WATCH_INTERVAL_MS, undefined, { signal: context.signal }).catch(() => undefined);
      }
    },
  });
}

/** Server reflection, in the version that clients are moving to and in the one that many still ask for. Their wire is the same. */
export function addReflection(router: ConnectRouter, reflection: Reflection): void {
  router.service(ServerReflection, {
    async *serverReflectionInfo(requests) {
      const sent = new Set<string>();
      for await (const request of requests) yield reflection.answer(request, sent);
    },
  });
  router.service(ServerReflectionV1Alpha, {
    async *serverReflectionInfo(requests) {
      const sent = new Set<string>();
      // The two versions are the same on the wire, and only there do their types meet.
      for await (const request of requests) {
        const asked = fromBinary(ServerReflectionRequestSchema, toBinary(V1AlphaRequestSchema, request));
        const answered = toBinary(ServerReflectionResponseSchema, reflection.answer(asked, sent));
        yield fromBinary(V1AlphaResponseSchema, answered);
      }
    },
  });
}
