import type { DescService } from "@bufbuild/protobuf";
import { createRoutes } from "@interpose/protocol";
import type { ApiService } from "../../src/api/service.ts";
import type { ProvingAgain } from "../../src/hosts/own-api/caller-standing.ts";
import { createOwnApi } from "../../src/hosts/own-api/index.ts";
import { DEFAULT_SHOWN_HEADERS } from "../../src/hosts/shown-headers.ts";
import type { Authenticate } from "../../src/listener/authentication.ts";
import { listenOnOnePort, type OnePort } from "../../src/listener/one-port.ts";
import { createRequestHandler } from "../../src/listener/request-handler.ts";
import { answerRest } from "../../src/listener/rest.ts";
import { createRpcHandlers, rpcOfRoute } from "../../src/listener/rpc.ts";
import { createCallObserver } from "../../src/observe/calls.ts";
import type { Log } from "../../src/observe/log.ts";
import { cleanUp, type Cleanup } from "../harness/cleanup.ts";
import { fail } from "../harness/fail.ts";
import type { HostParts } from "./host-parts.ts";

/** By these headers a caller is known. */
export const [USER_HEADER, ORG_HEADER] = ["x-test-user", "x-test-org"] as const;
export const INSTANCE_ID = "1";
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** What a test gives an own API beside what all hosts share. */
export interface OwnApiTestOptions {
  readonly stopping?: AbortSignal;
  readonly validate?: () => void;
  /** Permission that every method needs. Default: none. */
  readonly permission?: string;
  /** What every caller may do. Default: nothing. */
  readonly permissions?: ReadonlySet<string>;
  readonly log?: Log;
  /** Proves a caller again, every so often. Default: as at first, and too seldom to matter. */
  readonly provingAgain?: Partial<ProvingAgain>;
}

/** Serves a service as the server serves its own, on a port of its own, until the test ends. `methods`: those of it that have handlers. */
export async function startOwnApi(
  t: Cleanup,
  { service, handlers }: ApiService,
  { snapshot, run }: HostParts,
  {
    stopping = new AbortController().signal,
    validate,
    permission,
    permissions = new Set(),
    log = () => undefined,
    provingAgain,
  }: OwnApiTestOptions = {},
): Promise<OnePort> {
  const prove: Authenticate = (headers) =>
    Promise.resolve({
      userId: headers.get(USER_HEADER) ?? "",
      orgId: headers.get(ORG_HEADER) ?? undefined,
      permissions,
    });
  const served: DescService = { ...service, methods: service.methods.filter(({ localName }) => localName in handlers) };
  const ownApi = createOwnApi({
    services: [{ service: served, handlers }],
    rules: () => ({
      access: permission === undefined ? { kind: "authenticated" } : { kind: "permission", permission },
      successStatus: 200,
    }),
    snapshot,
    validate: validate ?? (() => undefined),
    run,
    shownHeaders: DEFAULT_SHOWN_HEADERS,
    stopping,
    provingAgain: { prove, everyMs: 60_000, ...provingAgain },
  });
  const common = {
    ownApi,
    instanceId: INSTANCE_ID,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    observed: createCallObserver(log),
  };
  const rpc = createRpcHandlers({ ...common, open: () => undefined });
  const routes = createRoutes([served]);
  const port = await listenOnOnePort({
    host: "127.0.0.1",
    port: 0,
    onRequest: createRequestHandler({
      corsOrigins: [],
      pages: new Map(),
      webConsole: () => undefined,
      rpc,
      rpcOfRoute: (verb, path) => rpcOfRoute(rpc, routes, verb, path),
      rest: (request) => answerRest(request, { ...common, routes, postedTo: new Set<string>() }),
      authenticate: prove,
      onFault: (_path, error) => fail(error),
    }),
  });
  cleanUp(t, () => port.drain(0));
  return port;
}
