import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { DetailsSchema, ListDetailsSchema } from "@interpose/protocol/gen/zitadel/object/v2/object_pb";
import type { Details, Revision } from "../../store/records.ts";

/** The details of one object, as the contract spells them. */
export function detailsToProto(details: Details): MessageInitShape<typeof DetailsSchema> {
  return {
    sequence: details.sequence,
    changeDate: timestampFromDate(details.changedAt),
    resourceOwner: details.resourceOwner,
  };
}

/** The details of a list: how many matched, and the last event that it takes into account. */
export function listDetailsToProto(total: number, revision: Revision): MessageInitShape<typeof ListDetailsSchema> {
  return {
    totalResult: BigInt(total),
    processedSequence: revision.revision,
    timestamp: timestampFromDate(revision.revisionAt),
  };
}
