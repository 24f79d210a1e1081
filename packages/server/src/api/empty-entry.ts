import { InterposeError } from "@interpose/engine";

/** The refusal of a place in an execution's list where nothing stands. */
export function emptyEntry(at: number, wanted: string): InterposeError {
  const field = `targets[${at}]`;
  const description = `${field} is empty. Name ${wanted}, or take it out of the list.`;
  return new InterposeError("bad_request", description, {
    id: "COMMAND-hdm4zl1hmd",
    key: "Errors.Execution.Invalid",
    violations: [{ field, description }],
  });
}
