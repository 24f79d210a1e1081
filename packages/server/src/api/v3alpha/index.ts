import { ActionService } from "@interpose/protocol/gen/zitadel/action/v3alpha/action_service_pb";
import type { ApiContext } from "../context.ts";
import { apiService, type ApiService } from "../service.ts";
import { executionHandlers } from "./executions.ts";
import { targetHandlers } from "./targets.ts";

/** The service `zitadel.action.v3alpha.ActionService`. */
export function actionServiceV3alpha(api: ApiContext): ApiService {
  return apiService(ActionService, { ...targetHandlers(api), ...executionHandlers(api) });
}
