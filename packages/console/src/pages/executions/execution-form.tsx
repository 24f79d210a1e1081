import { useMutation } from "@connectrpc/connect-query";
import { ExecutionService } from "@interpose/protocol/gen/interpose/v1/execution_service_pb";
import { ActionService } from "@interpose/protocol/gen/zitadel/action/v3alpha/action_service_pb";
import type { Target } from "@interpose/protocol/gen/zitadel/action/v3alpha/target_pb";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { problemFrom } from "../../api/problem.ts";
import { conditionToProto, parseConditionId, type ConditionParts } from "../../components/condition.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { LeaveGuard } from "../../components/leave-guard.tsx";
import { Notice } from "../../components/notice.tsx";
import { Section } from "../../components/page.tsx";
import { includesOf, type ExecutionEntry, type SetExecution } from "../../components/use-executions.ts";
import { changedOptions, sameEntries, type Draft } from "./draft.ts";
import { EntriesEditor } from "./entries-editor.tsx";
import { IncludeGraph } from "./include-graph.tsx";
import { circleFrom, includesAround } from "./include-layout.ts";
import { OptionsEditor } from "./options-editor.tsx";
import { WatchLinks } from "./watch-links.tsx";

interface ExecutionFormProps {
  readonly id: string;
  readonly condition: ConditionParts;
  readonly executions: ReadonlyMap<string, SetExecution>;
  readonly targets: ReadonlyMap<string, Target>;
  /** As the server has it; without entries where it is not set yet. */
  readonly saved: Draft;
  readonly otherVersions: readonly string[];
  /** Told before it is set for the first time. */
  readonly onFirstSet: () => void;
}

/** What an execution calls and its options, to be changed and saved together. */
export function ExecutionForm({
  id,
  condition,
  executions,
  targets,
  saved,
  otherVersions,
  onFirstSet,
}: ExecutionFormProps) {
  const queries = useQueryClient();
  // What was changed, and what stood there when that began. Undefined: nothing was.
  const [edited, setEdited] = useState<{ readonly draft: Draft; readonly base: Draft }>();
  const [isSaving, setSaving] = useState(false);
  const [wasSaved, setWasSaved] = useState(false);
  const setting = useMutation(ActionService.method.setExecution);
  const changing = useMutation(ExecutionService.method.updateExecutionOptions);
  const draft = edited?.draft ?? saved;
  const hasOtherList = !sameEntries(saved.entries, draft.entries);
  const change = changedOptions(saved.options, draft.options);
  const isDirty = edited !== undefined && (hasOtherList || change.paths.length > 0);
  const isOvertaken = isDirty && !sameEntries(saved.entries, edited.base.entries);
  const includes = new Map([...includesOf(executions.values()), ...includesOf([{ id, entries: draft.entries }])]);
  const around = includesAround(includes, id);
  const edit = (next: Partial<Draft>): void => {
    setWasSaved(false);
    setEdited({ draft: { ...draft, ...next }, base: edited?.base ?? saved });
  };
  const save = async (): Promise<void> => {
    setSaving(true);
    if (saved.entries.length === 0) onFirstSet();
    setting.reset();
    changing.reset();
    try {
      if (hasOtherList)
        await setting.mutateAsync({
          condition: conditionToProto(condition),
          targets: draft.entries.map((entry) => ({ type: entryToProto(entry) })),
        });
      if (change.paths.length > 0)
        await changing.mutateAsync({
          execution: id,
          options: change.options,
          updateMask: { paths: [...change.paths] },
        });
      // What is shown from then on is what the server has.
      await queries.invalidateQueries();
      setEdited(undefined);
      setWasSaved(true);
    } catch {
      // Each mutation shows its own error, where what is wrong stands.
    } finally {
      setSaving(false);
    }
  };
  return (
    <form
      className="execution-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      {isDirty && <LeaveGuard what="this execution" />}
      {wasSaved && (
        <Notice tone="good" title="Saved: it counts from now on">
          <div className="actions">
            <WatchLinks condition={condition} />
          </div>
        </Notice>
      )}
      {isOvertaken && (
        <Notice tone="warn" title="Somebody else has changed this execution meanwhile">
          <p>Saving replaces their list by yours.</p>
          <button type="button" className="button" onClick={() => setEdited(undefined)}>
            Show theirs, and forget mine
          </button>
        </Notice>
      )}
      {condition.scope === "all" && (condition.kind === "request" || condition.kind === "response") && (
        <Notice tone="info" title="This is for Interpose’s own API too">
          <p>
            And so for this console: a target that interrupts and fails locks everybody out of it. Admins get past it by
            the header “interpose-bypass: true”.
          </p>
        </Notice>
      )}
      <Section
        title="Calls, in this order"
        lead="Each target is told what the one before it has left. Change the order by dragging, or by keyboard: Space takes an entry up, arrows move it, Space drops it."
      >
        {setting.error && <ErrorNotice error={setting.error} />}
        <EntriesEditor
          ownId={id}
          entries={draft.entries}
          executions={executions}
          targets={targets}
          circle={circleFrom(includes, id)}
          violations={setting.error ? problemFrom(setting.error).violations : new Map()}
          onChange={(entries) => {
            const called = new Set(entries.map((entry) => entry.id));
            const gone = draft.entries.filter((entry) => !called.has(entry.id)).map((entry) => entry.id);
            const shadows = draft.options.shadows.filter((shadow) => !gone.includes(shadow));
            edit({ entries, options: { ...draft.options, shadows } });
          }}
          shadows={condition.kind === "event" ? undefined : draft.options.shadows}
          onShadows={(shadows) => edit({ options: { ...draft.options, shadows } })}
        />
      </Section>
      {[...around.values()].some((ids) => ids.length > 0) && (
        <Section title="Includes" lead="What includes this execution, and what it includes.">
          <IncludeGraph includes={around} set={new Set([...executions.keys(), id])} ownId={id} />
        </Section>
      )}
      {changing.error && <ErrorNotice error={changing.error} />}
      {condition.kind !== "function" && (
        <Section title="Options">
          <OptionsEditor
            condition={condition}
            options={draft.options}
            otherVersions={otherVersions}
            violations={changing.error ? problemFrom(changing.error).violations : new Map()}
            onChange={(options) => edit({ options: { ...draft.options, ...options } })}
          />
        </Section>
      )}
      <div className={`save-bar${isDirty ? " dirty" : ""}`}>
        <button type="submit" className="button primary" disabled={!isDirty || isSaving || draft.entries.length === 0}>
          {saved.entries.length === 0 ? "Set the execution" : "Save"}
        </button>
        {isDirty && (
          <button type="button" className="button" disabled={isSaving} onClick={() => setEdited(undefined)}>
            Discard changes
          </button>
        )}
        <span className="hint" role="status">
          {stateText({ isDirty, isSaving, isEmpty: draft.entries.length === 0, isSet: saved.entries.length > 0 })}
        </span>
      </div>
    </form>
  );
}

function stateText(state: {
  readonly isDirty: boolean;
  readonly isSaving: boolean;
  readonly isEmpty: boolean;
  readonly isSet: boolean;
}): string {
  if (state.isSaving) return "Saving …";
  if (state.isEmpty) return state.isSet ? "Nothing left to call: delete the execution instead." : "Add what to call.";
  return state.isDirty ? "Not saved yet." : "";
}

type EntryType =
  | { readonly case: "target"; readonly value: string }
  | { readonly case: "include"; readonly value: ReturnType<typeof conditionToProto> };

function entryToProto({ kind, id }: ExecutionEntry): EntryType {
  const condition = kind === "include" ? parseConditionId(id) : undefined;
  return condition ? { case: "include", value: conditionToProto(condition) } : { case: "target", value: id };
}
