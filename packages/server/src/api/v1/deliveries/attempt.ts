import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AttemptDecision, type AttemptSchema } from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import type { AttemptRow } from "../../../store/sql/list-attempts.ts";

const DECISIONS: Readonly<Record<AttemptRow["decision"], AttemptDecision>> = {
  succeeded: AttemptDecision.SUCCEEDED,
  retry: AttemptDecision.RETRY,
  dead: AttemptDecision.DEAD,
  held: AttemptDecision.HELD,
  dropped: AttemptDecision.DROPPED,
};

/** An attempt as the API shows it. */
export function attemptToProto(row: AttemptRow): MessageInitShape<typeof AttemptSchema> {
  const { status, connectMs, firstByteMs, durationMs, replyBytes, reply } = row;
  return {
    number: row.number,
    beginTime: timestampFromDate(row.beganAt),
    worker: row.worker,
    url: row.url,
    address: row.address ?? "",
    requestHeaders: { ...row.requestHeaders },
    ...(status !== null && { status }),
    ...(connectMs !== null && { connectMs }),
    ...(firstByteMs !== null && { firstByteMs }),
    ...(durationMs !== null && { durationMs }),
    ...(replyBytes !== null && { replySize: replyBytes }),
    ...(reply && reply.byteLength > 0 && { reply: replyToProto(reply, (replyBytes ?? 0) > reply.byteLength) }),
    failure: row.failure ?? "",
    detail: row.detail ?? "",
    decision: DECISIONS[row.decision],
    ...(row.nextAt && { nextAttemptTime: timestampFromDate(row.nextAt) }),
  };
}

type ReplyInit = { case: "replyText"; value: string } | { case: "replyBytes"; value: Uint8Array };

/** Text where it is text. What was cut may end within a character, which is left away. */
function replyToProto(reply: Uint8Array, isCut: boolean): ReplyInit {
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { case: "replyText", value: decoder.decode(reply, { stream: isCut }) };
  } catch {
    return { case: "replyBytes", value: reply };
  }
}
