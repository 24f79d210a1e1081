import { prettyJson } from "./code-view.tsx";
import { TextArea } from "./fields.tsx";
import { readJsonObject } from "./json-text.ts";

interface JsonFieldProps {
  readonly label: string;
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly hint?: string;
  /** What the server says is wrong with it. */
  readonly violation?: string | undefined;
  readonly rows?: number;
  readonly placeholder?: string;
}

/** A JSON object as text, which says at once where it is none. The key Tab leaves it, as it does every field. */
export function JsonField({ label, text, onChange, hint, violation, rows = 10, placeholder }: JsonFieldProps) {
  const { object, fault } = readJsonObject(text);
  return (
    <div className="json-field">
      <TextArea
        label={label}
        value={text}
        rows={rows}
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="off"
        {...(placeholder !== undefined && { placeholder })}
        {...(hint !== undefined && { hint })}
        violation={fault ?? violation}
        onChange={({ target }) => onChange(target.value)}
      />
      <button
        type="button"
        className="button small"
        aria-label={`Format: ${label}`}
        disabled={object === undefined || text.trim() === ""}
        onClick={() => onChange(prettyJson(object))}
      >
        Format
      </button>
    </div>
  );
}
