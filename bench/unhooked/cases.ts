/** The two forms of the own API that are compared: `a` without the engine, `b` with it. */
export const FORMS = { a: "without", b: "with" } as const;

/** Name of one of the two. */
export type Form = (typeof FORMS)[keyof typeof FORMS];

/** Executions in force where there is an engine. None of them matches what is called. */
export const STORED = 10_000;

/** Reads the name of a form. */
export function formFrom(text: string | null | undefined): Form {
  if (text === "with" || text === "without") return text;
  throw new Error(`"${text ?? ""}" is not "with" or "without"`);
}
