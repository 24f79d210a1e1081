import type { DescField } from "@bufbuild/protobuf";
import type { Route } from "../rest/bindings.ts";

/** A variable of a path, as OpenAPI has it: it stands for what is between slashes, or for all that is left. */
export interface PathParameter {
  readonly name: string;
  /** The field that it is the value of. Undefined: it is a part of one, or of none. */
  readonly field: DescField | undefined;
  /** What it is a part of. */
  readonly description: string | undefined;
}

/** The path as OpenAPI writes it: variables in braces by their names, without patterns. */
export function pathOf(route: Route): string {
  const texts = partsOf(route).map((part) => (typeof part === "string" ? part : `{${part.name}}`));
  return `/${texts.join("/")}${route.template.verb === "" ? "" : `:${route.template.verb}`}`;
}

/** The variables of a path, in their order. */
export function pathParameters(route: Route): readonly PathParameter[] {
  return partsOf(route).filter((part) => typeof part !== "string");
}

/** Texts and variables. A variable with a pattern, such as `{name=shelves/*}`, is one for each part of the pattern that is open, since only so are two patterns two paths. */
function partsOf({ template, variableFields }: Route): readonly (string | PathParameter)[] {
  return template.segments.map((segment, i) => {
    if (segment.kind === "literal") return segment.text;
    const at = template.variables.findIndex(({ from, to }) => i >= from && i < to);
    const variable = template.variables[at];
    if (!variable) return { name: `part_${i + 1}`, field: undefined, description: undefined };
    const name = variable.fieldPath.join(".");
    if (variable.to - variable.from === 1) return { name, field: variableFields[at]?.at(-1), description: undefined };
    let count = 0;
    const pattern = template.segments
      .slice(variable.from, variable.to)
      .map((each) => (each.kind === "literal" ? each.text : `{${name}_${++count}}`));
    const before = template.segments.slice(variable.from, i).filter(({ kind }) => kind !== "literal").length;
    return {
      name: `${name}_${before + 1}`,
      field: undefined,
      description: `Part of \`${name}\`, which is \`${pattern.join("/")}\`.`,
    };
  });
}
