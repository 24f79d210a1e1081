import { useQuery } from "@connectrpc/connect-query";
import { CatalogService } from "@interpose/protocol/gen/interpose/v1/catalog_service_pb";
import { useState } from "react";
import { Combobox, type ComboboxOption } from "../../components/combobox.tsx";
import { SelectField } from "../../components/fields.tsx";
import { useTargetOptions } from "../../components/target-options.ts";
import { useEventTypes, useFunctions } from "../../components/use-names.ts";
import { kindOf, parameterOf, SUBJECT_KINDS, type SubjectFilters, type SubjectKind } from "./subject.ts";

interface SubjectFieldsProps {
  readonly filters: SubjectFilters & { readonly target: string };
  readonly onChange: (changes: Partial<SubjectFilters & { readonly target: string }>) => void;
}

/** What is tried, and who is called. */
export function SubjectFields({ filters, onChange }: SubjectFieldsProps) {
  const kind = kindOf(filters.kind);
  const parameter = parameterOf(kind);
  const targets = useTargetOptions(filters.target);
  return (
    <div className="columns">
      <SelectField
        label="What happens"
        options={SUBJECT_KINDS}
        value={kind}
        onChange={({ target }) => onChange({ kind: target.value })}
      />
      <NameField
        key={parameter}
        kind={kind}
        name={filters[parameter]}
        onChange={(name) => onChange({ [parameter]: name })}
      />
      <SelectField
        label="Who is called"
        options={[{ value: "", label: "All that its execution calls" }, ...targets]}
        value={filters.target}
        onChange={({ target }) => onChange({ target: target.value })}
      />
    </div>
  );
}

const LABELS = { method: "Method", function: "Function", event: "Type of the event" } as const;
const PLACEHOLDERS = { method: "/package.Service/Method", function: "preuserinfo", event: "order.placed" } as const;

/** The method, function or type of events. It takes hold when one is chosen, or when the field is left or Enter is pressed. */
function NameField({
  kind,
  name,
  onChange,
}: {
  readonly kind: SubjectKind;
  readonly name: string;
  readonly onChange: (name: string) => void;
}) {
  // While somebody types, what they typed; otherwise the name.
  const [typed, setTyped] = useState<string>();
  const names = useNames(kind);
  const parameter = parameterOf(kind);
  const take = (given: string): void => {
    setTyped(undefined);
    if (given.trim() !== name) onChange(given.trim());
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        take(typed ?? name);
      }}
      onBlur={() => take(typed ?? name)}
    >
      <Combobox
        label={LABELS[parameter]}
        placeholder={PLACEHOLDERS[parameter]}
        text={typed ?? name}
        onType={setTyped}
        options={names}
        onChoose={take}
      />
    </form>
  );
}

/** What is known here of a kind. */
function useNames(kind: SubjectKind): readonly ComboboxOption[] {
  const { data } = useQuery(CatalogService.method.listCatalog, {}, { staleTime: Infinity });
  const functions = useFunctions();
  const eventTypes = useEventTypes();
  if (parameterOf(kind) === "method")
    return (data?.services ?? []).flatMap(({ methods }) =>
      methods.map(({ name, comment }) => option(name, firstSentence(comment))),
    );
  return (kind === "function" ? functions : eventTypes).map(({ name, comment }) => option(name, comment));
}

function option(name: string, detail: string): ComboboxOption {
  return { value: name, label: name, ...(detail !== "" && { detail }) };
}

function firstSentence(comment: string): string {
  return /^.*?\.(?=\s|$)/s.exec(comment)?.[0] ?? comment;
}
