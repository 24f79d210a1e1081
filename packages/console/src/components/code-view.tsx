import { CopyButton } from "./copy-button.tsx";

/** A text of a machine, whole and as it is, which can be scrolled by keyboard and copied. `what`: what it is, such as "the payload". */
export function CodeView({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <div className="code-view">
      <pre tabIndex={0} role="region" aria-label={what}>
        {text}
      </pre>
      <CopyButton text={text} what={what} />
    </div>
  );
}

/** A value as JSON, for people. A text that is no JSON is shown as it is. */
export function JsonView({ value, what }: { readonly value: unknown; readonly what: string }) {
  return <CodeView text={prettyJson(value)} what={what} />;
}

/** JSON with one field a line. A text is taken for JSON where it is. */
export function prettyJson(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value, undefined, 2);
  try {
    return JSON.stringify(JSON.parse(value), undefined, 2);
  } catch {
    return value;
  }
}
