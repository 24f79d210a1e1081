import { useState } from "react";

/** As the system has it, or one of the two. */
export type Theme = "system" | "light" | "dark";

const KEY = "interpose.theme";
const ORDER: readonly Theme[] = ["system", "light", "dark"];

/** Shows what was chosen in this browser before. */
export function showStoredTheme(): void {
  show(storedTheme());
}

/** The theme, and what chooses the next of the three. */
export function useTheme(): readonly [Theme, () => void] {
  const [theme, setTheme] = useState(storedTheme);
  return [
    theme,
    () => {
      const next = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length] ?? "system";
      localStorage.setItem(KEY, next);
      show(next);
      setTheme(next);
    },
  ];
}

function storedTheme(): Theme {
  const stored = localStorage.getItem(KEY);
  return ORDER.find((theme) => theme === stored) ?? "system";
}

function show(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
