import { useId, type ComponentProps, type ReactNode } from "react";

interface Described {
  readonly label: string;
  /** What it means, its unit and bounds. */
  readonly hint?: ReactNode;
  /** What is wrong with it, as the server says it. */
  readonly violation?: string | undefined;
}

/** A field with its label, hint and what is wrong with it, all of which screen readers say with it. */
function Field({
  label,
  hint,
  violation,
  render,
}: Described & {
  readonly render: (wired: {
    readonly id: string;
    readonly "aria-describedby": string | undefined;
    readonly "aria-invalid": boolean;
  }) => ReactNode;
}) {
  const id = useId();
  const described = [hint !== undefined && `${id}-hint`, violation !== undefined && `${id}-violation`].filter(Boolean);
  return (
    <div className={`field${violation === undefined ? "" : " invalid"}`}>
      <label htmlFor={id}>{label}</label>
      {render({
        id,
        "aria-describedby": described.length > 0 ? described.join(" ") : undefined,
        "aria-invalid": violation !== undefined,
      })}
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

/** A line of text. */
export function TextField({ label, hint, violation, ...input }: Described & ComponentProps<"input">) {
  return <Field {...{ label, hint, violation }} render={(wired) => <input type="text" {...input} {...wired} />} />;
}

/** Several lines of text. */
export function TextArea({ label, hint, violation, ...input }: Described & ComponentProps<"textarea">) {
  return <Field {...{ label, hint, violation }} render={(wired) => <textarea rows={4} {...input} {...wired} />} />;
}

/** One of several. */
export function SelectField({
  label,
  hint,
  violation,
  options,
  ...select
}: Described &
  ComponentProps<"select"> & { readonly options: readonly { readonly value: string; readonly label: string }[] }) {
  return (
    <Field
      {...{ label, hint, violation }}
      render={(wired) => (
        <select {...select} {...wired}>
          {options.map(({ value, label: text }) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      )}
    />
  );
}

/** Yes or no. */
export function CheckField({ label, hint, ...input }: Omit<Described, "violation"> & ComponentProps<"input">) {
  const id = useId();
  return (
    <div className="field check">
      <input type="checkbox" id={id} aria-describedby={hint === undefined ? undefined : `${id}-hint`} {...input} />
      <label htmlFor={id}>{label}</label>
      {hint !== undefined && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** One of a few, each with what it means. */
export function ChoiceField<Value extends string | number>({
  legend,
  name,
  options,
  value,
  onChoose,
}: {
  readonly legend: string;
  readonly name: string;
  readonly options: readonly { readonly value: Value; readonly label: string; readonly hint: string }[];
  readonly value: Value;
  readonly onChoose: (value: Value) => void;
}) {
  return (
    <fieldset className="choices">
      <legend>{legend}</legend>
      {options.map((option) => (
        <label key={option.value} className="choice">
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChoose(option.value)}
          />
          <span>
            <strong>{option.label}</strong>
            <span className="hint">{option.hint}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
