import type { SubmitEvent } from "react";

/** One of several that can be chosen: its text in the form, its label, and what it means. */
export interface Option<Meaning> {
  readonly value: string;
  readonly label: string;
  readonly means: Meaning;
}

/** What a form that is submitted holds. */
export interface FormValues {
  /** A text without spaces around it; empty where there is none. */
  readonly text: (name: string) => string;
  /** Texts between commas, spaces and ends of lines. */
  readonly list: (name: string) => string[];
  readonly isChecked: (name: string) => boolean;
  /** What the chosen one of the options means. */
  readonly choice: <Meaning>(name: string, options: readonly [Option<Meaning>, ...Option<Meaning>[]]) => Meaning;
}

/** Reads a form that is submitted, and keeps the browser from leaving the page. */
export function readForm(event: SubmitEvent<HTMLFormElement>): FormValues {
  event.preventDefault();
  const form = new FormData(event.currentTarget);
  const text = (name: string): string => {
    const value = form.get(name);
    return typeof value === "string" ? value.trim() : "";
  };
  return {
    text,
    list: (name) =>
      text(name)
        .split(/[\s,]+/)
        .filter(Boolean),
    isChecked: (name) => form.get(name) === "on",
    choice: (name, options) => (options.find(({ value }) => value === text(name)) ?? options[0]).means,
  };
}
