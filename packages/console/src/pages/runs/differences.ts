import { toJson } from "@bufbuild/protobuf";
import { ValueSchema, type Value } from "@bufbuild/protobuf/wkt";
import type { Difference as RecordedDifference } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import type { Difference } from "../../components/diff-view.tsx";

/** Differences as they are on record, for people. */
export function readableDifferences(differences: readonly RecordedDifference[]): readonly Difference[] {
  return differences.map(({ path, before, after }) => ({
    path: readablePath(path),
    before: jsonText(before),
    after: jsonText(after),
  }));
}

/** A JSON Pointer (RFC 6901) as people write it: "/lines/0/price" is "lines[0].price". */
export function readablePath(pointer: string): string {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce((path, part) => {
      if (/^\d+$/.test(part)) return `${path}[${part}]`;
      if (!/^[\w$-]+$/.test(part)) return `${path}[${JSON.stringify(part)}]`;
      return path === "" ? part : `${path}.${part}`;
    }, "");
}

function jsonText(value: Value | undefined): string {
  return value ? JSON.stringify(toJson(ValueSchema, value), undefined, 1) : "";
}
