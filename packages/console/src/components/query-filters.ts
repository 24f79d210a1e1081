import { useCallback, useMemo } from "react";
import { useSearch, useLocation } from "wouter";

/** Filters that are kept in the address, so that a list can be linked to, and gone back to. An empty text is none. */
export function useFilters<Name extends string>(
  names: readonly Name[],
): readonly [Readonly<Record<Name, string>>, (changes: Partial<Record<Name, string>>) => void] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const key = names.join();
  const filters = useMemo(() => readFilters(key.split(",") as Name[], search), [key, search]);
  const change = useCallback(
    (changes: Partial<Record<Name, string>>) => {
      const next = writeFilters(search, changes);
      navigate(next === "" ? path : `${path}?${next}`, { replace: true });
    },
    [navigate, path, search],
  );
  return [filters, change];
}

/** The named filters of a query string. */
export function readFilters<Name extends string>(
  names: readonly Name[],
  search: string,
): Readonly<Record<Name, string>> {
  const given = new URLSearchParams(search);
  return Object.fromEntries(names.map((name) => [name, given.get(name) ?? ""])) as Record<Name, string>;
}

/** A query string with changes. What is empty is left out. */
export function writeFilters(search: string, changes: Readonly<Partial<Record<string, string>>>): string {
  const next = new URLSearchParams(search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === "") next.delete(name);
    else next.set(name, value);
  }
  return next.toString();
}
