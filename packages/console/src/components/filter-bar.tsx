import { useEffect, useId, useState, type ReactNode } from "react";

/** Filters above a list. */
export function FilterBar({ children }: { readonly children: ReactNode }) {
  return (
    <div className="filters" role="search">
      {children}
    </div>
  );
}

interface FilterProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** How long somebody must have stopped typing, in milliseconds. */
const TYPING_MS = 250;

/** A filter by text, which takes hold once somebody has stopped typing. */
export function TextFilter({ label, value, onChange }: FilterProps) {
  const id = useId();
  // While somebody types, what they typed; otherwise the filter.
  const [typed, setTyped] = useState<string>();
  useEffect(() => {
    if (typed === undefined) return;
    const timer = setTimeout(() => {
      onChange(typed);
      setTyped(undefined);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, onChange]);
  return (
    <div className="filter">
      <label htmlFor={id}>{label}</label>
      <input id={id} type="search" value={typed ?? value} onChange={(event) => setTyped(event.target.value)} />
    </div>
  );
}

/** A filter by one of several. */
export function SelectFilter({
  label,
  value,
  onChange,
  options,
}: FilterProps & { readonly options: readonly { readonly value: string; readonly label: string }[] }) {
  const id = useId();
  return (
    <div className="filter">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}
