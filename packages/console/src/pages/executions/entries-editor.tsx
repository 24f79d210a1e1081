import type { Target } from "@interpose/protocol/gen/zitadel/action/v3alpha/target_pb";
import { useState } from "react";
import { Link } from "wouter";
import { Combobox, type ComboboxOption } from "../../components/combobox.tsx";
import { executionWords } from "../../components/condition.ts";
import { executionHref } from "../../components/links.tsx";
import { moved } from "../../components/reorder.ts";
import { SortableList } from "../../components/sortable-list.tsx";
import type { ExecutionEntry, SetExecution } from "../../components/use-executions.ts";
import { interrupts, kindLabel } from "../targets/target-words.ts";
import { entryKey } from "./draft.ts";

interface EntriesEditorProps {
  readonly ownId: string;
  readonly entries: readonly ExecutionEntry[];
  readonly executions: ReadonlyMap<string, SetExecution>;
  readonly targets: ReadonlyMap<string, Target>;
  /** The way by which the execution would include itself. */
  readonly circle: readonly string[] | undefined;
  /** What is wrong with single entries, as the server says it. */
  readonly violations: ReadonlyMap<string, string>;
  readonly onChange: (entries: readonly ExecutionEntry[]) => void;
  /** Ids of targets that are shadows. Undefined: this execution can have none. */
  readonly shadows: readonly string[] | undefined;
  readonly onShadows: (shadows: readonly string[]) => void;
}

/** The list of an execution: in order, with a field that finds what can be added. */
export function EntriesEditor({
  ownId,
  entries,
  executions,
  targets,
  circle,
  violations,
  onChange,
  shadows,
  onShadows,
}: EntriesEditorProps) {
  const [text, setText] = useState("");
  const [told, setTold] = useState("");
  const nameOf = ({ kind, id }: ExecutionEntry): string =>
    kind === "target" ? (targets.get(id)?.name ?? id) : `all of ${executionWords(id)}`;
  const faultOf = ({ kind, id }: ExecutionEntry, at: number): string | undefined => {
    if (kind === "include" && circle?.[1] === id) return `It closes a circle: ${circle.join(" → ")}. Take it out.`;
    return violations.get(`targets[${at}]`) ?? violations.get(`targets[${at}].include`);
  };
  const add = (key: string): void => {
    const entry = addable.find((each) => entryKey(each) === key);
    if (!entry) return;
    onChange([...entries, entry]);
    setText("");
    setTold(`${nameOf(entry)} is added at place ${entries.length + 1}.`);
  };
  const taken = new Set(entries.map(entryKey));
  const addable: readonly ExecutionEntry[] = [
    ...[...targets.keys()].map((id) => ({ kind: "target", id }) as const),
    ...[...executions.keys()].filter((id) => id !== ownId).map((id) => ({ kind: "include", id }) as const),
  ].filter((entry) => !taken.has(entryKey(entry)));
  const options: readonly ComboboxOption[] = addable.map((entry) => ({
    value: entryKey(entry),
    label: nameOf(entry),
    detail:
      entry.kind === "target"
        ? `target, ${targets.get(entry.id)?.endpoint ?? ""}`
        : `what ${entry.id} calls, in its place`,
  }));
  return (
    <div className="entries">
      {entries.length > 0 && (
        <SortableList
          label="What is called, in order"
          items={entries}
          keyOf={entryKey}
          nameOf={nameOf}
          onMove={(from, to) => onChange(moved(entries, from, to))}
          render={(entry, at) => {
            const fault = faultOf(entry, at);
            return (
              <>
                <div className="entry">
                  <EntryText entry={entry} target={targets.get(entry.id)} execution={executions.get(entry.id)} />
                  <button
                    type="button"
                    className="button small quiet"
                    aria-label={`Take out ${nameOf(entry)}`}
                    onClick={() => {
                      onChange(entries.filter((_, place) => place !== at));
                      setTold(`${nameOf(entry)} is taken out.`);
                    }}
                  >
                    ✕
                  </button>
                </div>
                {shadows && entry.kind === "target" && (
                  <label className="shadow">
                    <input
                      type="checkbox"
                      aria-label={`Shadow: ${nameOf(entry)}`}
                      checked={shadows.includes(entry.id)}
                      onChange={({ target: { checked } }) =>
                        onShadows(checked ? [...shadows, entry.id] : shadows.filter((id) => id !== entry.id))
                      }
                    />
                    <span className="hint">
                      Shadow: called beside the others and compared, never waited for or applied
                    </span>
                  </label>
                )}
                {fault !== undefined && <p className="violation">{fault}</p>}
              </>
            );
          }}
        />
      )}
      {targets.size === 0 ? (
        <p>
          There is no target to call yet. <Link href="/targets/new">Create a target</Link>, and come back.
        </p>
      ) : (
        <Combobox
          label="Add a target, or all that another execution calls"
          placeholder="Search by name, URL or method"
          text={text}
          onType={setText}
          options={options}
          onChoose={add}
        />
      )}
      <p className="only-read" role="status">
        {told}
      </p>
    </div>
  );
}

function EntryText({
  entry: { kind, id },
  target,
  execution,
}: {
  readonly entry: ExecutionEntry;
  readonly target: Target | undefined;
  readonly execution: SetExecution | undefined;
}) {
  if (kind === "include") {
    const count = execution?.entries.length ?? 0;
    return (
      <div>
        <span className="kind">include</span> <Link href={executionHref(id)}>{executionWords(id)}</Link>
        <p className="hint">
          {execution
            ? `What it calls stands in this place: ${count} ${count === 1 ? "entry" : "entries"}.`
            : "It is not set, and stands for nothing."}
        </p>
      </div>
    );
  }
  return (
    <div>
      <span className="kind">target</span> <Link href={`/targets/${id}`}>{target?.name ?? id}</Link>
      {target && (
        <p className="hint">
          {kindLabel(target)}
          {interrupts(target) ? ", interrupts on error" : ""} · <code>{target.endpoint}</code>
        </p>
      )}
    </div>
  );
}
