import { useState, type ReactNode } from "react";

/** Filters that are needed now and then, folded at first while none of them is set. `setCount`: how many are. */
export function MoreFilters({ setCount, children }: { readonly setCount: number; readonly children: ReactNode }) {
  const [isOpen, setOpen] = useState(setCount > 0);
  return (
    <details className="more-filters" open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>More filters{setCount > 0 && ` (${setCount})`}</summary>
      <div className="filters">{children}</div>
    </details>
  );
}
