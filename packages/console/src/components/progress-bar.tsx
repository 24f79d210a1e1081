interface ProgressBarProps {
  /** What goes on, such as "Replaying". */
  readonly label: string;
  readonly done: number;
  /** Undefined: it is not known. */
  readonly total: number | undefined;
}

/** How far something is that takes its time. */
export function ProgressBar({ label, done, total }: ProgressBarProps) {
  return (
    <div className="progress">
      <progress aria-label={label} value={total === undefined ? undefined : done} max={total ?? 1} />
      <span>
        {label}: {done.toLocaleString("en")}
        {total !== undefined && ` of ${total.toLocaleString("en")}`}
      </span>
    </div>
  );
}
