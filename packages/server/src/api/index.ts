import { ActionsService } from "@interpose/protocol/gen/interpose/v1/actions_service_pb";
import { CatalogService } from "@interpose/protocol/gen/interpose/v1/catalog_service_pb";
import { EventService } from "@interpose/protocol/gen/interpose/v1/event_service_pb";
import { DeliveryService } from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import { ExecutionService } from "@interpose/protocol/gen/interpose/v1/execution_service_pb";
import { ExplainService } from "@interpose/protocol/gen/interpose/v1/explain_service_pb";
import { FunctionService } from "@interpose/protocol/gen/interpose/v1/function_service_pb";
import { InstanceService } from "@interpose/protocol/gen/interpose/v1/instance_service_pb";
import { RunService } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import { TargetService } from "@interpose/protocol/gen/interpose/v1/target_service_pb";
import { TryService } from "@interpose/protocol/gen/interpose/v1/try_service_pb";
import { TokenService } from "@interpose/protocol/gen/interpose/v1/token_service_pb";
import { ActionService as ActionServiceV2 } from "@interpose/protocol/gen/zitadel/action/v2/action_service_pb";
import { ActionService as ActionServiceV2beta } from "@interpose/protocol/gen/zitadel/action/v2beta/action_service_pb";
import { ActionService as ActionServiceV3alpha } from "@interpose/protocol/gen/zitadel/action/v3alpha/action_service_pb";
import { actionsServiceV1 } from "./v1/actions.ts";
import { eventServiceV1 } from "./v1/events.ts";
import { deliveryServiceV1 } from "./v1/deliveries/index.ts";
import { catalogServiceV1 } from "./v1/catalog.ts";
import { executionServiceV1 } from "./v1/executions.ts";
import { explainServiceV1 } from "./v1/explain/index.ts";
import { functionServiceV1 } from "./v1/functions.ts";
import { instanceServiceV1 } from "./v1/instance.ts";
import { tryServiceV1 } from "./v1/try/index.ts";
import { runServiceV1 } from "./v1/runs/index.ts";
import { targetServiceV1 } from "./v1/targets.ts";
import { tokenServiceV1 } from "./v1/tokens.ts";
import { actionServiceV2, actionServiceV2beta } from "./v2/index.ts";
import { actionServiceV3alpha } from "./v3alpha/index.ts";
import type { ApiContext } from "./context.ts";
import type { ApiService } from "./service.ts";

/** The services of the own API. */
export const SERVED = [
  ActionServiceV3alpha,
  ActionServiceV2beta,
  ActionServiceV2,
  TokenService,
  TargetService,
  ExecutionService,
  ExplainService,
  CatalogService,
  EventService,
  FunctionService,
  DeliveryService,
  InstanceService,
  RunService,
  TryService,
  ActionsService,
];

/** What single services need beside the context. */
export interface ServiceParts {
  readonly explain: Parameters<typeof explainServiceV1>[1];
  readonly catalog: Parameters<typeof catalogServiceV1>[1];
  readonly events: Parameters<typeof eventServiceV1>[1];
  readonly invoke: Parameters<typeof functionServiceV1>[1];
  readonly facts: Parameters<typeof instanceServiceV1>[1];
  readonly runs: Parameters<typeof runServiceV1>[1];
  readonly try: Parameters<typeof tryServiceV1>[1];
}

/** The handlers of all of them. */
export function servicesOf(api: ApiContext, parts: ServiceParts): readonly ApiService[] {
  return [
    actionServiceV3alpha(api),
    actionServiceV2beta(api),
    actionServiceV2(api),
    tokenServiceV1(api),
    targetServiceV1(api),
    executionServiceV1(api),
    explainServiceV1(api, parts.explain),
    catalogServiceV1(api, parts.catalog),
    eventServiceV1(api, parts.events),
    functionServiceV1(api, parts.invoke),
    deliveryServiceV1(api),
    instanceServiceV1(api, parts.facts),
    runServiceV1(api, parts.runs),
    tryServiceV1(api, parts.try),
    actionsServiceV1(api),
  ];
}
