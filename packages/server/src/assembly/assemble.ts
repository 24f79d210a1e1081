import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fromBinary, type DescService } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createTargetCaller } from "@interpose/caller";
import { createMessageValidator, createReflection, createRoutes, methodRules } from "@interpose/protocol";
import { Health } from "@interpose/protocol/gen/grpc/health/v1/health_pb";
import { ServerReflection } from "@interpose/protocol/gen/grpc/reflection/v1/reflection_pb";
import { ServerReflection as ServerReflectionV1Alpha } from "@interpose/protocol/gen/grpc/reflection/v1alpha/reflection_pb";
import { createAuthenticator, createOidcVerifier } from "../access/index.ts";
import type { ApiContext } from "../api/context.ts";
import { SERVED, servicesOf } from "../api/index.ts";
import { ensureDefaultInstance } from "../commands/first-start.ts";
import type { Settings } from "../config/index.ts";
import { createConsole, type ConsoleSignIn } from "../console/index.ts";
import { knownEventTypes } from "../events/known-types.ts";
import { createPublisher, type Publisher } from "../events/publisher.ts";
import { createRate } from "../events/rate.ts";
import { createFunctionCatalog, createInvoker, type InvokeFunction } from "../functions/index.ts";
import { startRetention } from "../deliveries/retention.ts";
import { createOwnApi } from "../hosts/own-api/index.ts";
import { gatewaysOf, startGateways, type Gateways } from "../hosts/gateway/gateways.ts";
import type { InterceptorHost } from "../hosts/interceptors/interceptor-host.ts";
import { createRunChains } from "../hosts/run-chain.ts";
import { createPlanRunner, type RunPlan } from "../hosts/run-plan.ts";
import { createRunner, type RunnerOptions } from "../hosts/runner.ts";
import { newId } from "../ids.ts";
import { createKeyBook } from "../keys/book.ts";
import { giveMissingKeys } from "../keys/give-missing-keys.ts";
import { openVault } from "../keys/open-vault.ts";
import { startKeyRotation } from "../keys/rotation.ts";
import { answerCloudEvents, CLOUD_EVENTS_PATH, isCloudEvents } from "../listener/cloud-events.ts";
import type { NodeRequest, NodeResponse } from "../listener/exchange.ts";
import { addHealth, addReflection } from "../listener/infrastructure.ts";
import { createPages } from "../listener/pages.ts";
import { createRequestHandler } from "../listener/request-handler.ts";
import { answerRest } from "../listener/rest.ts";
import { createRpcHandlers, rpcOfRoute } from "../listener/rpc.ts";
import { createCallObserver, createDropObserver, observeRun } from "../observe/calls.ts";
import type { Log } from "../observe/log.ts";
import { createRecorder } from "../runs/recorder.ts";
import { startRunRetention } from "../runs/retention.ts";
import { startLiveRouter } from "../router/live-router.ts";
import { openStore } from "../store/index.ts";
import { migrate } from "../store/migrations.ts";
import { ensureRunKey } from "../store/sql/ensure-run-key.ts";
import { selectToken } from "../store/sql/select-token.ts";
import { VERSION } from "../version.ts";
import { createNameableServices } from "./nameable-services.ts";
import { openApiText } from "./open-api.ts";
import { createReadiness } from "./readiness.ts";
import { startDelivering } from "./delivering.ts";
import { DRAIN_SLACK_MS, type Teardown } from "./teardown.ts";

/** How often a node looks whether its executions are current, should it have missed a notification. */
const ROUTER_POLL_MS = 2_000;
/** How often the callers of open streams are proven again, so that one whose token is revoked reads no further for long. */
const PROVE_AGAIN_MS = 5_000;
/** Most connections to one origin beside those of deliveries, which are limited otherwise, and must not wait for one another within their timeouts. */
const CONNECTIONS_BESIDE_DELIVERIES = 100;
/** Longest time for stopping the store: an embedded PostgreSQL is asked twice, 15 seconds each. */
const STORE_STOP_MS = 40_000;
const DAY_MS = 24 * 3_600_000;
/** Comments and types of the own API, made from its .proto files. */
const DESCRIPTOR_SET = new URL(import.meta.resolve("@interpose/protocol/descriptors.binpb"));

/** What an Interpose is put together from. */
export interface AssemblyParts {
  readonly settings: Settings;
  /** Where settings were given, by path. What is not among them has its default. */
  readonly origins: ReadonlyMap<string, string>;
  readonly log: Log;
  /** Told how to stop each thing as it is started. */
  readonly teardown: Teardown;
  /** Aborted when Interpose is told to stop. */
  readonly stopping: AbortSignal;
  /** Told when the store is gone for good. */
  readonly onFatal: (error: unknown) => void;
  /** Services of the process that it is embedded in, which conditions can name. */
  readonly embeddedServices: readonly DescService[];
}

/** An Interpose that works, but for a port of its own. */
export interface Assembly {
  /** What the store is, for people. Without credentials. */
  readonly store: string;
  /** The token of the first admin, on the very first start alone, and only where the settings bring none. */
  readonly firstToken: string | undefined;
  readonly gateways: Gateways["listening"];
  /** Answers the requests of the management API, of Node's `http` and `http2`. */
  readonly onRequest: (request: NodeRequest, response: NodeResponse) => void;
  /** What interceptors in this process hang on. */
  readonly host: InterceptorHost;
  readonly publisher: Publisher;
  /** How many runs led to a call with this header of a run. */
  readonly depthOf: (runHeader: string | undefined) => number;
  readonly invoke: InvokeFunction;
}

/** Puts everything together, from the store up to what answers requests. */
export async function assemble({
  settings,
  origins,
  log,
  teardown,
  stopping,
  onFatal,
  embeddedServices,
}: AssemblyParts): Promise<Assembly> {
  const { limits } = settings;
  const drainMs = settings.shutdownTimeoutSeconds * 1000;

  const store = await openStore({
    databaseUrl: settings.databaseUrl,
    dataDir: settings.dataDir,
    role: "serve",
    maxConnections: settings.database.maxConnections,
    onLost: (error) => log("store.lost", { error }),
    onFatal,
  });
  teardown.add("the store", store.close, STORE_STOP_MS);
  const { database } = store;
  await migrate(database);
  const { id: instanceId, firstToken } = await ensureDefaultInstance(database, {
    needsToken: settings.adminToken === undefined,
  });

  const vault = await openVault(database, instanceId, settings);
  const given = await giveMissingKeys({ database, instanceId, vault, newId });
  if (given > 0) log("keys.given", { targets: given });
  const keys = createKeyBook({
    vault,
    instanceId,
    now: Date.now,
    onUnreadable: (key) => log("keys.unreadable", { ...key }),
  });

  const router = await startLiveRouter(database, instanceId, {
    pollMs: ROUTER_POLL_MS,
    onError: (error) => log("router.load_failed", { error }),
    onKeys: keys.update,
  });
  teardown.add("the router", router.stop);

  const records = settings.runs.record !== "off";
  const recorderConnections = records ? store.open({ maxConnections: 1, commitsLazily: true }) : database;
  if (records) teardown.add("the connection for the record of runs", recorderConnections.close);
  const recorder = createRecorder({ database: recorderConnections, instanceId, log }, settings.runs);
  teardown.add("the record of runs", () => recorder.stop(drainMs), drainMs + DRAIN_SLACK_MS);

  const targets = createTargetCaller({
    egressAllow: settings.egress.allow,
    egressOnly: settings.egress.only,
    maxPayloadBytes: limits.maxPayloadBytes,
    maxReplyBytes: limits.maxReplyBytes,
    maxConnectionsPerOrigin: CONNECTIONS_BESIDE_DELIVERIES + settings.deliveries.maxInFlight,
    credentialsOf: keys.credentialsOf,
    tokenSigner: keys.tokenSigner,
    userAgent: `interpose/${VERSION}`,
    onBackgroundCall: (targetId, exchange) =>
      log("target.background_call", {
        targetId,
        outcome: exchange.kind === "replied" ? String(exchange.status) : exchange.failure,
        durationMs: exchange.durationMs,
      }),
    onShadowDropped: createDropObserver(log),
  });
  teardown.add("connections to targets", targets.close);
  teardown.add("calls in the background", () => targets.drain(drainMs), drainMs + DRAIN_SLACK_MS);

  const authenticate = createAuthenticator({
    findToken: (id) => selectToken(database, instanceId, id),
    adminToken: settings.adminToken,
    oidc: settings.oidc && createOidcVerifier(settings.oidc, (reason) => log("token.refused", { reason })),
    now: () => new Date(),
  });

  const ownServices = [...SERVED, Health, ...(settings.reflection ? [ServerReflection, ServerReflectionV1Alpha] : [])];
  const chains = createRunChains(await ensureRunKey(database, instanceId, randomBytes(32)), Date.now);
  const running: RunnerOptions = {
    targets,
    newRunId: newId,
    onRun(event) {
      recorder.take(event);
      observeRun(log, event);
    },
    limits: { maxRunMs: limits.maxRunSeconds * 1000, maxRunDepth: limits.maxRunDepth },
    chains,
  };
  const { hiddenFields } = settings;
  const runnerOf = (host: string): RunPlan => createPlanRunner({ ...running, hiddenFields, host });
  const functions = createFunctionCatalog(database, settings.functions);
  const invokerOf = (host: string): InvokeFunction =>
    createInvoker({
      catalog: functions,
      snapshot: router.current,
      run: createRunner({ ...running, host }),
      hiddenFields,
    });
  const owners = await startDelivering({
    store,
    instanceId,
    router,
    deliver: targets.deliver,
    chains,
    log,
    teardown,
    settings: settings.deliveries,
    drainMs,
  });
  const nameable = createNameableServices([...ownServices, ...embeddedServices]);
  const gateways = await startGateways({
    settings: gatewaysOf(settings),
    ownServices: nameable.current,
    snapshot: router.current,
    runOf: (name) => runnerOf(`gateway/${name}`),
    instanceId,
    maxMessageBytes: limits.maxMessageBytes,
    maxHeldBytes: limits.maxHeldBytes,
    onChange: (gateway, { came, vanished }) => log("gateway.methods_changed", { gateway, came, vanished }),
    onTokenRefused: (gateway, reason) => log("token.refused", { gateway, reason }),
    onFault: (gateway, error) => log("gateway.failed", { gateway, error }),
    onFailure: (gateway, error) => log("gateway.not_described", { gateway, reason: error.message }),
  });
  teardown.add("looking after descriptors", gateways.stop);
  teardown.add("the gateways", () => gateways.drain(drainMs), drainMs + DRAIN_SLACK_MS);

  const commands = { database, vault, newId, committed: router.catchUp, snapshot: router.current };
  const rotation = startKeyRotation(
    {
      ...commands,
      instanceId,
      creator: "interpose",
      permissions: new Set<string>(),
      depth: 0,
      maxRunDepth: limits.maxRunDepth,
    },
    {
      rotateAfterMs: settings.keys.rotateAfterDays * DAY_MS,
      onError: (error) => log("keys.rotation_failed", { error }),
    },
  );
  teardown.add("the rotation of keys", rotation.stop);

  const retention = startRetention({ database, instanceId, log }, settings.deliveries.retention);
  teardown.add("pruning the record", retention.stop);
  const runRetention = startRunRetention({ database, instanceId, log }, settings.runs.retention);
  teardown.add("pruning the record of runs", runRetention.stop);

  const api: ApiContext = {
    database,
    vault,
    catalog: gateways.catalog,
    hosts: () => [
      { name: "api", services: ownServices },
      { name: "embedded", services: nameable.current().slice(ownServices.length) },
      ...gateways.hosts(),
    ],
    functions,
    eventTypes: (id) => knownEventTypes(database, id, settings.events.declared),
    commandContext: (call) => ({
      ...commands,
      instanceId: call.instanceId,
      creator: call.caller.userId,
      permissions: call.caller.permissions,
      depth: chains.depthOf(call.context.runHeader),
      maxRunDepth: limits.maxRunDepth,
    }),
  };
  const publisher = createPublisher({
    database,
    instanceId,
    router,
    maxRunDepth: limits.maxRunDepth,
    settings: settings.events,
    rate: createRate(settings.events.maxPerSecond, () => performance.now()),
    owners,
  });
  const { file: ownFiles } = fromBinary(FileDescriptorSetSchema, await readFile(DESCRIPTOR_SET));
  const services = servicesOf(api, {
    explain: {
      sources: router.sources,
      egress: settings.egress,
      credentialsOf: keys.credentialsOf,
      tokenSigner: keys.tokenSigner,
      hiddenFields,
      limits,
      delivers: settings.deliveries.enabled,
    },
    catalog: { snapshot: router.current, ownFiles },
    events: { publisher, declared: settings.events.declared },
    invoke: invokerOf("api"),
    facts: { settings, origins, store: store.description, nodeId: newId(), startedAt: new Date() },
    runs: recorder.counts,
    try: {
      running: { newRunId: newId, limits: running.limits, chains },
      deliver: targets.deliver,
      call: targets.call,
      snapshot: router.current,
      functions,
      hiddenFields,
      chains,
      newId,
      maxRunMs: limits.maxRunSeconds * 1000,
    },
  });

  const validator = createMessageValidator();
  validator.prepare(SERVED.flatMap(({ methods }) => methods.map(({ input }) => input)));
  const ownApi = createOwnApi({
    services,
    rules: methodRules,
    snapshot: router.current,
    run: runnerOf("api"),
    validate: validator.validate,
    shownHeaders: settings.shownHeaders,
    stopping,
    provingAgain: { prove: authenticate, everyMs: PROVE_AGAIN_MS },
  });

  const readiness = createReadiness(database, instanceId, stopping);
  const observed = createCallObserver(log);
  const rpc = createRpcHandlers({
    ownApi,
    instanceId,
    maxMessageBytes: limits.maxMessageBytes,
    observed,
    open: (openRouter) => {
      addHealth(
        openRouter,
        ownServices.map(({ typeName }) => typeName),
        readiness,
      );
      if (settings.reflection) addReflection(openRouter, createReflection(ownServices), readiness);
    },
  });
  const routes = createRoutes(SERVED);
  const rest = {
    ownApi,
    routes,
    postedTo: new Set([CLOUD_EVENTS_PATH]),
    instanceId,
    maxMessageBytes: limits.maxMessageBytes,
    observed,
  };
  const openApi = openApiText(ownFiles);
  const onRequest = createRequestHandler({
    corsOrigins: settings.cors.allowedOrigins,
    pages: createPages(readiness, { openApi, publicJwks: keys.publicJwks }),
    webConsole: createConsole(consoleSignIn(settings)),
    rpc,
    rpcOfRoute: (verb, path) => rpcOfRoute(rpc, routes, verb, path),
    rest: (request) => (isCloudEvents(request) ? answerCloudEvents(request, rest) : answerRest(request, rest)),
    authenticate,
    onFault: (path, error) => log("request.failed", { path, error }),
  });
  return {
    store: store.description,
    firstToken: firstToken?.text,
    gateways: gateways.listening,
    onRequest,
    host: {
      instanceId,
      snapshot: router.current,
      run: runnerOf("interceptor"),
      shownHeaders: settings.shownHeaders,
      learn: nameable.learn,
    },
    publisher,
    depthOf: chains.depthOf,
    invoke: invokerOf("interceptor"),
  };
}

/** How one signs in to the console. That there is an issuer where there is a client, the settings have seen to. */
function consoleSignIn({ console: { oidc }, oidc: tokens }: Settings): ConsoleSignIn {
  return oidc && tokens ? { oidc: { ...oidc, issuer: tokens.issuer } } : {};
}
