import * as v2 from "@interpose/protocol/gen/zitadel/filter/v2/filter_pb";
import type * as v2beta from "@interpose/protocol/gen/zitadel/filter/v2beta/filter_pb";
import type * as v3alpha from "@interpose/protocol/gen/zitadel/object/v2/object_pb";
import type { TargetFilter } from "../store/sql/search-targets.ts";

type TextComparison = Pick<Extract<TargetFilter, { readonly kind: "name" }>, "method" | "ignoreCase">;

/** How a text is compared. The numbers mean the same in every version of the API. */
export function textMethodFromProto(
  method: v3alpha.TextQueryMethod | v2beta.TextFilterMethod | v2.TextFilterMethod,
): TextComparison {
  return TEXT_METHODS[method];
}

const TEXT_METHODS: Readonly<Record<v2.TextFilterMethod, TextComparison>> = {
  [v2.TextFilterMethod.EQUALS]: { method: "equals", ignoreCase: false },
  [v2.TextFilterMethod.EQUALS_IGNORE_CASE]: { method: "equals", ignoreCase: true },
  [v2.TextFilterMethod.STARTS_WITH]: { method: "startsWith", ignoreCase: false },
  [v2.TextFilterMethod.STARTS_WITH_IGNORE_CASE]: { method: "startsWith", ignoreCase: true },
  [v2.TextFilterMethod.CONTAINS]: { method: "contains", ignoreCase: false },
  [v2.TextFilterMethod.CONTAINS_IGNORE_CASE]: { method: "contains", ignoreCase: true },
  [v2.TextFilterMethod.ENDS_WITH]: { method: "endsWith", ignoreCase: false },
  [v2.TextFilterMethod.ENDS_WITH_IGNORE_CASE]: { method: "endsWith", ignoreCase: true },
};
