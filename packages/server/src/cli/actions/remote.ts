import { toJson } from "@bufbuild/protobuf";
import { ValueSchema, type Value } from "@bufbuild/protobuf/wkt";
import { createClient, type Transport } from "@connectrpc/connect";
import type { JsonObject, JsonValue } from "@interpose/engine";
import {
  ActionsChangeKind,
  ActionsService,
  ActionsSubject,
  type ActionsChange,
  type ActionsConflict,
  type ActionsFieldChange,
  type PlanActionsRequest,
} from "@interpose/protocol/gen/interpose/v1/actions_service_pb";
import type { FieldChange } from "../../actions/changes.ts";
import type { Conflict } from "../../actions/plan.ts";
import type { ThingKind } from "../../actions/things.ts";
import type { ActionsBackend, PlannedChange } from "./backend.ts";

/** Plans and applies by the API of a server. */
export function remoteActions(transport: Transport): ActionsBackend {
  const client = createClient(ActionsService, transport);
  return {
    async planActions(document, options) {
      const plan = await client.planActions({ document: struct(document), options });
      return {
        changes: plan.changes.map(changeFromProto),
        conflicts: plan.conflicts.map(conflictFromProto),
        fingerprint: plan.fingerprint,
      };
    },
    async applyActions(document, options, fingerprint) {
      await client.applyActions({ document: struct(document), options, fingerprint });
    },
    async exportActions(ownedBy = "") {
      const { document } = await client.exportActions({ ownedBy });
      return document ?? {};
    },
  };
}

function struct(document: JsonObject): NonNullable<PlanActionsRequest["document"]> {
  return document as NonNullable<PlanActionsRequest["document"]>;
}

const ACTIONS: Readonly<Record<ActionsChangeKind, PlannedChange["action"] | undefined>> = {
  [ActionsChangeKind.UNSPECIFIED]: undefined,
  [ActionsChangeKind.CREATE]: "create",
  [ActionsChangeKind.UPDATE]: "update",
  [ActionsChangeKind.ADOPT]: "adopt",
  [ActionsChangeKind.DELETE]: "delete",
};

const KINDS: Readonly<Record<ActionsSubject, ThingKind | undefined>> = {
  [ActionsSubject.UNSPECIFIED]: undefined,
  [ActionsSubject.TARGET]: "target",
  [ActionsSubject.EXECUTION]: "execution",
  [ActionsSubject.FUNCTION]: "function",
  [ActionsSubject.EVENT_TYPE]: "eventType",
};

function changeFromProto({ kind, subject, name, fields, drifted, formerOwner }: ActionsChange): PlannedChange {
  return {
    action: known(ACTIONS[kind]),
    kind: known(KINDS[subject]),
    name,
    fields: fields.map(fieldFromProto),
    drifted,
    formerOwner: formerOwner === "" ? undefined : formerOwner,
  };
}

function conflictFromProto({ subject, name, description, fields }: ActionsConflict): Conflict {
  return { kind: known(KINDS[subject]), name, description, fields: fields.map(fieldFromProto) };
}

function fieldFromProto({ field, before, after, drifted }: ActionsFieldChange): FieldChange {
  return { field, before: valueFromProto(before), after: valueFromProto(after), drifted };
}

function valueFromProto(value: Value | undefined): JsonValue | undefined {
  return value && toJson(ValueSchema, value);
}

/** What a server says that is newer than this program may be something that this one does not know. */
function known<T>(value: T | undefined): T {
  if (value !== undefined) return value;
  throw new Error(
    "The server's plan has something in it that this command line does not know. Use that of its version.",
  );
}
