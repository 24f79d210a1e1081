import { z } from "zod";
import { settingsSchema } from "./schema.ts";

/** What a text from the environment or a flag is turned into. */
export type LeafKind = "text" | "number" | "boolean" | "list" | "record" | "json";

/** One setting, with the names that it goes by. */
export interface Leaf {
  /** Path in YAML, such as `egress.allow`. */
  readonly path: readonly string[];
  /** Such as `INTERPOSE_EGRESS_ALLOW`. */
  readonly variable: string;
  /** Such as `--egress-allow`. */
  readonly flag: string;
  readonly kind: LeafKind;
  readonly description: string;
  readonly isSecret: boolean;
  /** What it, or each element of it, can be, where that is a fixed list. */
  readonly choices: readonly string[] | undefined;
}

/** Every setting, in the order of the schema. */
export const LEAVES: readonly Leaf[] = leavesOf(settingsSchema, []);

function leavesOf(schema: z.ZodType, path: readonly string[]): readonly Leaf[] {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodObject && !hasMeta(schema, "whole")) {
    return Object.entries(inner.shape as Record<string, z.ZodType>).flatMap(([name, field]) =>
      leavesOf(field, [...path, name]),
    );
  }
  const words = path.flatMap((name) => name.split(/(?=[A-Z])/)).map((word) => word.toLowerCase());
  return [
    {
      path,
      variable: `INTERPOSE_${words.join("_").toUpperCase()}`,
      flag: `--${words.join("-")}`,
      kind: kindOf(inner),
      description: describedBy(schema) ?? "",
      isSecret: hasMeta(schema, "secret"),
      choices: choicesOf(inner),
    },
  ];
}

/** The schema without what only says that it may be missing. */
function unwrapped(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return unwrapped(schema.unwrap() as z.ZodType);
  }
  // What is given may be spelled in several ways; what is taken is one of them.
  return schema instanceof z.ZodPipe ? unwrapped(schema.out as z.ZodType) : schema;
}

function choicesOf(schema: z.ZodType): readonly string[] | undefined {
  if (schema instanceof z.ZodBoolean) return ["true", "false"];
  if (schema instanceof z.ZodArray) return choicesOf(unwrapped(schema.element as z.ZodType));
  return schema instanceof z.ZodEnum ? schema.options.map(String) : undefined;
}

function kindOf(schema: z.ZodType): LeafKind {
  if (schema instanceof z.ZodNumber) return "number";
  if (schema instanceof z.ZodBoolean) return "boolean";
  if (schema instanceof z.ZodArray)
    return unwrapped(schema.element as z.ZodType) instanceof z.ZodObject ? "json" : "list";
  if (schema instanceof z.ZodRecord) return "record";
  if (schema instanceof z.ZodObject) return "json";
  return "text";
}

function describedBy(schema: z.ZodType): string | undefined {
  return schema.description ?? (unwrapped(schema) === schema ? undefined : unwrapped(schema).description);
}

/** What the schema says of a setting beside its type: that it is secret, or that it is given whole, as JSON outside of the file. */
function hasMeta(schema: z.ZodType, mark: "secret" | "whole"): boolean {
  return [schema, unwrapped(schema)].some((each) => each.meta()?.[mark] === true);
}
