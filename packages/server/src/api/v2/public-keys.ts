import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ActionService } from "@interpose/protocol/gen/zitadel/action/v2/action_service_pb";
import { PublicKeyFieldName, type PublicKeySearchFilter } from "@interpose/protocol/gen/zitadel/action/v2/query_pb";
import { TimestampFilterMethod } from "@interpose/protocol/gen/zitadel/filter/v2/filter_pb";
import { activatePublicKey, addPublicKey, deactivatePublicKey, removePublicKey } from "../../commands/public-keys.ts";
import type { StoredPublicKey } from "../../store/sql/public-key-row.ts";
import {
  searchPublicKeys,
  type PublicKeyFilter,
  type PublicKeySortColumn,
} from "../../store/sql/search-public-keys.ts";
import type { ApiContext } from "../context.ts";
import { existingTarget } from "../existing-target.ts";
import type { Handlers } from "../service.ts";
import { pageFromProto, pageToProto } from "./page.ts";

type PublicKeyHandlers = Pick<
  Handlers<typeof ActionService>,
  "addPublicKey" | "activatePublicKey" | "deactivatePublicKey" | "removePublicKey" | "listPublicKeys"
>;

/** The RPCs that manage the public keys of targets. */
export function publicKeyHandlers(api: ApiContext): PublicKeyHandlers {
  return {
    async addPublicKey({ targetId, publicKey, expirationDate }, call) {
      const expiresAt = expirationDate ? timestampDate(expirationDate) : null;
      const { id, createdAt } = await addPublicKey(api.commandContext(call), targetId, { pem: publicKey, expiresAt });
      return { keyId: id, creationDate: timestampFromDate(createdAt) };
    },

    async activatePublicKey({ targetId, keyId }, call) {
      return { changeDate: timestampFromDate(await activatePublicKey(api.commandContext(call), targetId, keyId)) };
    },

    async deactivatePublicKey({ targetId, keyId }, call) {
      return { changeDate: timestampFromDate(await deactivatePublicKey(api.commandContext(call), targetId, keyId)) };
    },

    async removePublicKey({ targetId, keyId }, call) {
      const removedAt = await removePublicKey(api.commandContext(call), targetId, keyId);
      return removedAt ? { deletionDate: timestampFromDate(removedAt) } : {};
    },

    async listPublicKeys({ targetId, pagination, filters, sortingColumn }, call) {
      const page = pageFromProto(pagination);
      const search = { filters: filters.map(filterFromProto), sortBy: SORT_COLUMNS[sortingColumn], ...page };
      const { total, keys } = await api.database.snapshotRead(async (tx) => {
        await existingTarget(tx, call.instanceId, targetId);
        return searchPublicKeys(tx, call.instanceId, targetId, search);
      });
      return { pagination: pageToProto(total, page), publicKeys: keys.map(keyToProto) };
    },
  };
}

function keyToProto({ id, active, pem, fingerprint, expiresAt, createdAt, changedAt }: StoredPublicKey) {
  return {
    keyId: id,
    active,
    publicKey: new TextEncoder().encode(pem),
    fingerprint,
    ...(expiresAt && { expirationDate: timestampFromDate(expiresAt) }),
    creationDate: timestampFromDate(createdAt),
    changeDate: timestampFromDate(changedAt),
  };
}

function filterFromProto({ filter }: PublicKeySearchFilter): PublicKeyFilter {
  switch (filter.case) {
    case "keyIdsFilter":
      return { kind: "ids", ids: filter.value.ids };
    case "activeFilter":
      return { kind: "active", active: filter.value };
    case "expirationDateFilter": {
      const { timestamp, method } = filter.value;
      if (!timestamp) throw new Error("validation lets no comparison without a time pass");
      return { kind: "expiration", compares: COMPARISONS[method], to: timestampDate(timestamp) };
    }
    case undefined:
      throw new Error("validation lets no empty filter pass");
  }
}

const COMPARISONS = {
  [TimestampFilterMethod.EQUALS]: "equals",
  [TimestampFilterMethod.AFTER]: "after",
  [TimestampFilterMethod.AFTER_OR_EQUALS]: "afterOrEquals",
  [TimestampFilterMethod.BEFORE]: "before",
  [TimestampFilterMethod.BEFORE_OR_EQUALS]: "beforeOrEquals",
} as const;

const SORT_COLUMNS: Readonly<Record<PublicKeyFieldName, PublicKeySortColumn>> = {
  [PublicKeyFieldName.UNSPECIFIED]: "creationDate",
  [PublicKeyFieldName.CREATION_DATE]: "creationDate",
  [PublicKeyFieldName.CHANGE_DATE]: "changeDate",
  [PublicKeyFieldName.EXPIRATION_DATE]: "expirationDate",
};
