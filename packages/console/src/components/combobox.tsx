import { useId, useState, type KeyboardEvent, type ReactNode } from "react";

/** One that can be chosen: its value, and what stands beside it. Both are searched. */
export interface ComboboxOption {
  readonly value: string;
  readonly label: string;
  readonly detail?: string;
}

interface ComboboxProps {
  readonly label: string;
  readonly name?: string;
  readonly hint?: ReactNode;
  readonly violation?: string | undefined;
  readonly placeholder?: string;
  readonly required?: boolean;
  /** What is typed. */
  readonly text: string;
  readonly onType: (text: string) => void;
  readonly options: readonly ComboboxOption[];
  readonly onChoose: (value: string) => void;
}

/** Most options that are shown at once; typing more finds the others. */
const MOST_SHOWN = 50;

/** A line of text with suggestions, by the combobox pattern of WAI-ARIA: arrows go through them, Enter takes one, Escape closes them. */
export function Combobox({ label, hint, violation, text, onType, options, onChoose, ...input }: ComboboxProps) {
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  // The place of the option that the arrows are at; -1: none.
  const [at, setAt] = useState(-1);
  const all = matching(options, text);
  const found = all.slice(0, MOST_SHOWN);
  const shows = isOpen && found.length > 0;
  const close = (): void => {
    setOpen(false);
    setAt(-1);
  };
  const choose = (value: string): void => {
    close();
    onChoose(value);
  };
  const onKey = (event: KeyboardEvent): void => {
    const chosen = shows ? found[at] : undefined;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      setAt(shows ? nextPlace(at, step, found.length) : step > 0 ? 0 : found.length - 1);
      setOpen(true);
    } else if (event.key === "Enter" && chosen) choose(chosen.value);
    else if (event.key === "Escape" && shows) close();
    else return;
    event.preventDefault();
  };
  const described = [hint !== undefined && `${id}-hint`, violation !== undefined && `${id}-violation`].filter(Boolean);
  return (
    <div className={`field combobox${violation === undefined ? "" : " invalid"}`}>
      <label htmlFor={id}>{label}</label>
      <div className="combobox-box">
        <input
          {...input}
          id={id}
          type="text"
          role="combobox"
          autoComplete="off"
          spellCheck={false}
          aria-autocomplete="list"
          aria-expanded={shows}
          aria-controls={`${id}-list`}
          aria-activedescendant={shows && at >= 0 ? `${id}-${at}` : undefined}
          aria-describedby={described.length > 0 ? described.join(" ") : undefined}
          aria-invalid={violation !== undefined}
          value={text}
          onChange={(event) => {
            setOpen(true);
            setAt(-1);
            onType(event.target.value);
          }}
          onClick={() => setOpen(true)}
          onBlur={close}
          onKeyDown={onKey}
        />
        <ul id={`${id}-list`} role="listbox" aria-label="Suggestions" hidden={!shows}>
          {shows &&
            found.map((option, place) => (
              <li
                key={option.value}
                id={`${id}-${place}`}
                role="option"
                aria-selected={place === at}
                ref={place === at ? (element) => element?.scrollIntoView({ block: "nearest" }) : undefined}
                // Before the field loses the focus, which would close the list under the pointer.
                onPointerDown={(event) => event.preventDefault()}
                onClick={() => choose(option.value)}
              >
                <span>{option.label}</span>
                {option.detail !== undefined && <span className="hint">{option.detail}</span>}
              </li>
            ))}
        </ul>
      </div>
      {shows && all.length > found.length && (
        <p className="hint" role="status">
          {all.length - found.length} more: type a part of the name.
        </p>
      )}
      {hint !== undefined && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {violation !== undefined && (
        <p className="violation" id={`${id}-violation`}>
          {violation}
        </p>
      )}
    </div>
  );
}

/** Round and round, and from none to the first or the last. */
function nextPlace(at: number, step: number, count: number): number {
  return at < 0 ? (step > 0 ? 0 : count - 1) : (at + step + count) % count;
}

/** Those that have each word of the text in them. */
function matching(options: readonly ComboboxOption[], text: string): readonly ComboboxOption[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return options.filter(({ value, label, detail = "" }) => {
    const where = `${value} ${label} ${detail}`.toLowerCase();
    return words.every((word) => where.includes(word));
  });
}
