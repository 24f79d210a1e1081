import { timestampFromDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import { InterposeError } from "@interpose/engine";
import { parseDuration } from "./duration.ts";

/** A time that an option gives: as ISO 8601, or how long ago it was, such as `2h`. */
export function parseMoment(text: string, option: string, now: Date = new Date()): Timestamp {
  if (/^\d{4}-\d{2}-\d{2}/.test(text)) {
    const time = new Date(text);
    if (!Number.isNaN(time.getTime())) return timestampFromDate(time);
  } else if (/^\d+(\.\d+)?[a-z]+$/.test(text)) {
    return timestampFromDate(new Date(now.getTime() - parseDuration(text, option)));
  }
  const how = "Write one such as 2026-01-31T12:00:00Z, or how long ago it was, such as 2h.";
  throw new InterposeError("bad_request", `${option}: "${text}" is no time. ${how}`);
}
