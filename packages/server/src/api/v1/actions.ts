import { fromJson, type MessageInitShape } from "@bufbuild/protobuf";
import { ValueSchema, type Value } from "@bufbuild/protobuf/wkt";
import type { JsonValue } from "@interpose/engine";
import {
  ActionsChangeKind,
  ActionsService,
  ActionsSubject,
  type ActionsChangeSchema,
  type ActionsConflictSchema,
  type ActionsFieldChangeSchema,
  type ActionsOptions,
  type ExportActionsResponse,
} from "@interpose/protocol/gen/interpose/v1/actions_service_pb";
import type { Change, FieldChange } from "../../actions/changes.ts";
import { desiredState } from "../../actions/document.ts";
import type { Conflict, PlanOptions } from "../../actions/plan.ts";
import type { ThingKind } from "../../actions/things.ts";
import { applyActions, exportActions, planActions } from "../../commands/apply-actions.ts";
import type { ActionsRules } from "../../commands/carry-out.ts";
import type { ApiContext } from "../context.ts";
import { refuseUnserved } from "../served-condition.ts";
import { apiService, type ApiService } from "../service.ts";
import { refuseUnmatchedPaths } from "./executions.ts";

/** The service `interpose.v1.ActionsService`. */
export function actionsServiceV1(api: ApiContext): ApiService {
  const rulesFor = (instanceId: string): ActionsRules => ({
    functions: api.functions,
    checkCondition: (condition, functions) =>
      refuseUnserved(condition, { functions, catalog: api.catalog }, instanceId),
    checkHiddenFields: (condition, paths) => refuseUnmatchedPaths(paths, condition, api.catalog()),
  });
  return apiService(ActionsService, {
    async planActions({ document, options }, call) {
      const { changes, conflicts, fingerprint } = await planActions(
        api.commandContext(call),
        desiredState(document),
        optionsFromProto(options),
        rulesFor(call.instanceId),
      );
      return { changes: changes.map(changeToProto), conflicts: conflicts.map(conflictToProto), fingerprint };
    },
    async applyActions({ document, options, fingerprint }, call) {
      const { changes } = await applyActions(
        api.commandContext(call),
        desiredState(document),
        { ...optionsFromProto(options), fingerprint: fingerprint === "" ? undefined : fingerprint },
        rulesFor(call.instanceId),
      );
      return { changes: changes.map(changeToProto) };
    },
    async exportActions({ ownedBy }, call) {
      const document = await exportActions(api.commandContext(call), ownedBy === "" ? undefined : ownedBy);
      return { document: document as NonNullable<ExportActionsResponse["document"]> };
    },
  });
}

const KINDS: Readonly<Record<Change["action"], ActionsChangeKind>> = {
  create: ActionsChangeKind.CREATE,
  update: ActionsChangeKind.UPDATE,
  adopt: ActionsChangeKind.ADOPT,
  delete: ActionsChangeKind.DELETE,
};

const SUBJECTS: Readonly<Record<ThingKind, ActionsSubject>> = {
  target: ActionsSubject.TARGET,
  execution: ActionsSubject.EXECUTION,
  function: ActionsSubject.FUNCTION,
  eventType: ActionsSubject.EVENT_TYPE,
};

function optionsFromProto(options: ActionsOptions | undefined): PlanOptions {
  return { keepUnnamed: options?.keepUnnamed ?? false, adopt: options?.adopt ?? false };
}

function changeToProto(change: Change): MessageInitShape<typeof ActionsChangeSchema> {
  const { action, kind, name, fields, drifted, formerOwner = "" } = change;
  return {
    kind: KINDS[action],
    subject: SUBJECTS[kind],
    name,
    fields: fields.map(fieldToProto),
    drifted,
    formerOwner,
  };
}

function conflictToProto({
  kind,
  name,
  description,
  fields,
}: Conflict): MessageInitShape<typeof ActionsConflictSchema> {
  return { subject: SUBJECTS[kind], name, description, fields: fields.map(fieldToProto) };
}

function fieldToProto({
  field,
  before,
  after,
  drifted,
}: FieldChange): MessageInitShape<typeof ActionsFieldChangeSchema> {
  return {
    field,
    ...(before !== undefined && { before: valueToProto(before) }),
    ...(after !== undefined && { after: valueToProto(after) }),
    drifted,
  };
}

function valueToProto(value: JsonValue): Value {
  return fromJson(ValueSchema, value as Parameters<typeof fromJson>[1]);
}
