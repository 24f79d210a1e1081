import { ActionService } from "@interpose/protocol/gen/zitadel/action/v2/action_service_pb";
import { ActionService as ActionServiceV2beta } from "@interpose/protocol/gen/zitadel/action/v2beta/action_service_pb";
import type { ApiContext } from "../context.ts";
import { apiService, type ApiService } from "../service.ts";
import { executionHandlers } from "./executions.ts";
import { publicKeyHandlers } from "./public-keys.ts";
import type { SharedHandlers } from "./shared-handlers.ts";
import { targetHandlers } from "./targets.ts";

/** The service `zitadel.action.v2beta.ActionService`. */
export function actionServiceV2beta(api: ApiContext): ApiService {
  return apiService(ActionServiceV2beta, sharedHandlers(api));
}

/** The service `zitadel.action.v2.ActionService`: that of v2beta, and public keys. */
export function actionServiceV2(api: ApiContext): ApiService {
  return apiService(ActionService, { ...sharedHandlers(api), ...publicKeyHandlers(api) });
}

function sharedHandlers(api: ApiContext): SharedHandlers {
  return { ...targetHandlers(api), ...executionHandlers(api) };
}
