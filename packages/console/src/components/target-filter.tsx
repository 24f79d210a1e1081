import { SelectFilter } from "./filter-bar.tsx";
import { useTargetOptions } from "./target-options.ts";

/** A filter by a target. One that is not among those that are offered, since it is gone, is there by its id. */
export function TargetFilter({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const targets = useTargetOptions(value);
  return (
    <SelectFilter
      label="Target"
      value={value}
      onChange={onChange}
      options={[{ value: "", label: "any" }, ...targets]}
    />
  );
}
