interface ChipFilterProps {
  readonly legend: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}

/** A filter by some of several. None chosen stands for any. */
export function ChipFilter({ legend, options, chosen, onChange }: ChipFilterProps) {
  return (
    <fieldset className="chips">
      <legend>{legend}</legend>
      {options.map(({ value, label }) => (
        <label key={value} className="chip">
          <input
            type="checkbox"
            checked={chosen.includes(value)}
            onChange={({ target }) =>
              onChange(target.checked ? [...chosen, value] : chosen.filter((each) => each !== value))
            }
          />
          {label}
        </label>
      ))}
    </fieldset>
  );
}
