import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { useNow } from "./now.ts";
import { dateOf, relativeTime } from "./time.ts";

/** A time in relation to now, with the exact one as its title. Nothing where there is none, unless `none` says what. */
export function When({ at, none = "" }: { readonly at: Timestamp | Date | undefined; readonly none?: string }) {
  const now = useNow();
  const date = at instanceof Date ? at : dateOf(at);
  if (!date) return <>{none}</>;
  return (
    <time
      dateTime={date.toISOString()}
      title={date.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" })}
    >
      {relativeTime(date, now)}
    </time>
  );
}
