import { Match } from "@interpose/protocol/gen/interpose/v1/execution_service_pb";
import type { ConditionParts } from "../../components/condition.ts";
import { CheckField, ChoiceField, TextArea, TextField } from "../../components/fields.tsx";
import { Notice } from "../../components/notice.tsx";
import { isVersioned, type DraftOptions } from "./draft.ts";

interface OptionsEditorProps {
  readonly condition: ConditionParts;
  readonly options: DraftOptions;
  /** Methods or services that are the same in other versions, and are passed by. */
  readonly otherVersions: readonly string[];
  /** What is wrong with single options, as the server says it. */
  readonly violations: ReadonlyMap<string, string>;
  readonly onChange: (options: Partial<DraftOptions>) => void;
}

const MATCHES = [
  { value: Match.EXACT, label: "This version alone", hint: "Calls of the same method in other versions pass it by." },
  {
    value: Match.EQUIVALENT,
    label: "Every version",
    hint: "Calls of the same method in other versions of the package run it too, unless an execution names them exactly.",
  },
] as const;

/** The options that fit a condition. */
export function OptionsEditor({ condition, options, otherVersions, violations, onChange }: OptionsEditorProps) {
  const { kind } = condition;
  const fault = (name: string): string | undefined => violations.get(`options.${name}`);
  return (
    <div className="form">
      {isVersioned(condition) && (
        <>
          <ChoiceField
            legend="Which versions it is for"
            name="match"
            options={MATCHES}
            value={options.match}
            onChoose={(match) => onChange({ match })}
          />
          {options.match === Match.EXACT && otherVersions.length > 0 && (
            <Notice tone="warn" title="Calls of other versions pass it by">
              <p>
                The server has the same in other versions: {otherVersions.join(", ")}. Choose “Every version” to hook
                them too.
              </p>
            </Notice>
          )}
        </>
      )}
      {kind === "response" && (
        <CheckField
          label="Run on errors too"
          checked={options.runOnErrors}
          onChange={(event) => onChange({ runOnErrors: event.target.checked })}
          hint="The targets are called for an error of the API as well, and are shown it in place of the response."
        />
      )}
      {(kind === "request" || kind === "response") && (
        <TextArea
          label="Hidden fields"
          rows={3}
          value={options.hiddenFields}
          onChange={(event) => onChange({ hiddenFields: event.target.value })}
          violation={fault("hidden_fields")}
          placeholder="user.password, **.secret"
          hint="Paths of fields that the targets neither see nor change. * stands for any name, ** for any number of levels."
          spellCheck={false}
        />
      )}
      {kind === "event" && (
        <TextField
          label="Deliver one after the other by"
          value={options.fifoBy}
          onChange={(event) => onChange({ fifoBy: event.target.value })}
          violation={fault("fifo_by")}
          placeholder="aggregate"
          hint="“aggregate”, or a path into the payload such as payload.customer.id: deliveries with the same value wait for each other. Empty: none waits."
          autoComplete="off"
        />
      )}
    </div>
  );
}
