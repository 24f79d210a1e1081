import type { FieldMask } from "@bufbuild/protobuf/wkt";
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  areEquivalent,
  faultOfHiddenPaths,
  InterposeError,
  methodScopeFromText,
  parseConditionId,
  type Condition,
  type ExecutionOptions,
} from "@interpose/engine";
import { pathLeadsInto, type ServiceCatalog } from "@interpose/protocol";
import {
  ExecutionService,
  Match,
  type ExecutionOptions as ProtoOptions,
  type ExecutionOptionsSchema,
} from "@interpose/protocol/gen/interpose/v1/execution_service_pb";
import {
  noExecutionWithOptions,
  optionsInvalid,
  updateExecutionOptions,
  type ExecutionOptionsChanges,
} from "../../commands/update-execution-options.ts";
import { NEVER_HOOKED } from "../../hosts/never-hooked.ts";
import { selectExecution } from "../../store/sql/select-execution.ts";
import type { ApiContext } from "../context.ts";
import { apiService, type ApiService } from "../service.ts";

/** The service `interpose.v1.ExecutionService`. */
export function executionServiceV1(api: ApiContext): ApiService {
  return apiService(ExecutionService, {
    async getExecutionOptions({ execution }, call) {
      const condition = conditionOf(execution);
      const stored = await selectExecution(api.database, call.instanceId, execution);
      if (!stored) throw noExecutionWithOptions(execution);
      const { options } = stored;
      return { options: optionsToProto(options), otherVersions: otherVersions(condition, options, api.catalog()) };
    },
    async updateExecutionOptions({ execution, options, updateMask }, call) {
      const condition = conditionOf(execution);
      const changes = changesFromProto(options, updateMask);
      refuseUnmatchedPaths(changes.hiddenFields ?? [], condition, api.catalog());
      return { options: optionsToProto(await updateExecutionOptions(api.commandContext(call), condition, changes)) };
    },
  });
}

function conditionOf(id: string): Condition {
  const condition = parseConditionId(id);
  if (condition) return condition;
  const description = `"${id.slice(0, 200)}" is the id of no execution. Write one such as request/package.Service/Method or response.`;
  throw new InterposeError("condition_invalid", `execution: ${description}`, {
    violations: [{ field: "execution", description }],
  });
}

/** Names of what is served here in other versions, of what an execution is on and not for. Where no execution runs, nothing is missed. */
function otherVersions(condition: Condition, { match }: ExecutionOptions, catalog: ServiceCatalog): string[] {
  if ((condition.kind !== "request" && condition.kind !== "response") || match === "equivalent") return [];
  const { scope } = condition;
  if (scope.kind === "service") {
    return catalog.services.filter(
      (service) => areEquivalent(scope, { kind: "service", service }) && !NEVER_HOOKED.has(service),
    );
  }
  return catalog.methods.filter((name) => {
    const method = methodScopeFromText(name);
    return method && areEquivalent(scope, { kind: "method", ...method }) && !NEVER_HOOKED.has(method.service);
  });
}

const MATCHES: Readonly<Record<Match, ExecutionOptionsChanges["match"]>> = {
  [Match.UNSPECIFIED]: undefined,
  [Match.EXACT]: "exact",
  [Match.EQUIVALENT]: "equivalent",
};

const PATHS: readonly string[] = ["run_on_errors", "hidden_fields", "fifo_by", "match", "shadow_targets"];

/** What of the options changes: what the mask names or, without one, what is given. https://google.aip.dev/134 */
function changesFromProto(options: ProtoOptions | undefined, mask: FieldMask | undefined): ExecutionOptionsChanges {
  const runOnErrors = options?.runOnErrors;
  const hiddenFields = options?.hiddenFields ?? [];
  const fifoBy = options?.fifoBy;
  const match = MATCHES[options?.match ?? Match.UNSPECIFIED];
  const shadowTargets = options?.shadowTargets ?? [];
  if (!mask) {
    return {
      runOnErrors,
      hiddenFields: hiddenFields.length > 0 ? hiddenFields : undefined,
      fifoBy,
      match,
      shadowTargets: shadowTargets.length > 0 ? shadowTargets : undefined,
    };
  }
  const unknown = mask.paths.find((path) => path !== "*" && !PATHS.includes(path));
  if (unknown !== undefined) {
    const description = `there is no option "${unknown.slice(0, 100)}". Name ${PATHS.join(", ")}, or * for all.`;
    throw new InterposeError("bad_request", `update_mask: ${description}`, {
      violations: [{ field: "update_mask", description }],
    });
  }
  const names = (path: string): boolean => mask.paths.includes(path) || mask.paths.includes("*");
  return {
    runOnErrors: names("run_on_errors") ? (runOnErrors ?? false) : undefined,
    hiddenFields: names("hidden_fields") ? hiddenFields : undefined,
    fifoBy: names("fifo_by") ? (fifoBy ?? "") : undefined,
    match: names("match") ? (match ?? "exact") : undefined,
    shadowTargets: names("shadow_targets") ? shadowTargets : undefined,
  };
}

/** Refuses a path that no message of the method has. What messages other conditions mean is not known: an API may come later, or change. */
export function refuseUnmatchedPaths(paths: readonly string[], condition: Condition, catalog: ServiceCatalog): void {
  if ((condition.kind !== "request" && condition.kind !== "response") || condition.scope.kind !== "method") return;
  // What is no path at all is for the command to refuse.
  if (faultOfHiddenPaths(paths) !== undefined) return;
  const name = `/${condition.scope.service}/${condition.scope.method}`;
  const methods = catalog.methodsNamed(name);
  if (methods.length === 0) return;
  const types = methods.flatMap(({ input, output }) => (condition.kind === "request" ? [input] : [input, output]));
  const unmatched = paths.find((path) => !types.some((type) => pathLeadsInto(path, type)));
  if (unmatched === undefined) return;
  const where = condition.kind === "request" ? "in requests" : "in requests and responses";
  throw optionsInvalid(
    "hidden_fields",
    `"${unmatched.slice(0, 80)}" matches no field ${where} of ${name}. Mend it, or take it out of the list.`,
  );
}

function optionsToProto({
  runOnErrors,
  hiddenFields,
  fifoBy,
  match,
  shadowTargets = [],
}: ExecutionOptions): MessageInitShape<typeof ExecutionOptionsSchema> {
  return {
    runOnErrors,
    hiddenFields: [...hiddenFields],
    ...(fifoBy !== undefined && { fifoBy }),
    ...(match === "equivalent" && { match: Match.EQUIVALENT }),
    shadowTargets: [...shadowTargets],
  };
}
