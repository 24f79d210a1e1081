import { timestampFromDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import { useId } from "react";

interface TimeFilterProps {
  readonly label: string;
  /** In ISO 8601, as it stands in the address; empty where there is none. */
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A filter by a time, which is typed and shown in the time zone of the browser. */
export function TimeFilter({ label, value, onChange }: TimeFilterProps) {
  const id = useId();
  const change = (local: string): void => {
    const date = new Date(local);
    onChange(Number.isNaN(date.getTime()) ? "" : date.toISOString());
  };
  return (
    <div className="filter">
      <label htmlFor={id}>{label}</label>
      <input id={id} type="datetime-local" value={localText(value)} onChange={(event) => change(event.target.value)} />
    </div>
  );
}

/** The time of an address for a message; undefined where there is none, or what stands there is none. */
export function filterTime(value: string): Timestamp | undefined {
  const date = new Date(value);
  return value === "" || Number.isNaN(date.getTime()) ? undefined : timestampFromDate(date);
}

/** As the browser's field has it: the time of here, without its zone. */
function localText(value: string): string {
  const date = new Date(value);
  if (value === "" || Number.isNaN(date.getTime())) return "";
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
