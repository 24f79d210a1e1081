import { create, toJson, type DescMessage, type Message } from "@bufbuild/protobuf";
import { isReflectMessage, pathToString, reflect, type Path, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import { createValidator, type Violation as RuleViolation } from "@bufbuild/protovalidate";
import { InterposeError, type Violation } from "@interpose/engine";

/** Checks messages against the rules in their .proto files (https://buf.build/docs/protovalidate/). */
export interface MessageValidator {
  /** Throws `validation_failed`, naming for each violation the field, the rule, and what was given. */
  validate(schema: DescMessage, message: Message): void;
  /** Compiles the rules of types now, so that a rule that is wrong stops the start rather than a call. Throws Error. */
  prepare(schemas: Iterable<DescMessage>): void;
}

const LONGEST_ECHO = 60;

/** A validator. Rules are compiled once for each type. */
export function createMessageValidator(): MessageValidator {
  const validator = createValidator();
  return {
    validate(schema, message) {
      const result = validator.validate(schema, message);
      if (result.kind === "valid") return;
      if (result.kind === "error") throw result.error;
      const violations = result.violations.map((violation) => described(violation, reflect(schema, message)));
      const [first] = violations;
      const more = violations.length > 1 ? ` And ${violations.length - 1} more.` : "";
      const where = first?.field === "" ? schema.name : (first?.field ?? schema.name);
      throw new InterposeError("validation_failed", `${where}: ${first?.description ?? "is not valid"}.${more}`, {
        violations,
      });
    },
    prepare(schemas) {
      for (const schema of schemas) {
        const result = validator.validate(schema, create(schema));
        if (result.kind === "error")
          throw new Error(`the rules of ${schema.typeName} do not work`, { cause: result.error });
      }
    },
  };
}

function described({ field, message, ruleId }: RuleViolation, root: ReflectMessage): Violation {
  const given = givenAt(root, field);
  const rule = message === "" ? `breaks the rule ${ruleId}` : message;
  return {
    field: pathToString(field),
    description: `${rule} [${ruleId}]${given === undefined ? "" : `; given: ${given}`}`,
  };
}

/** What stands at a path, for people; undefined where there is nothing to show, or where it is not for showing. */
function givenAt(root: ReflectMessage, path: Path): string | undefined {
  let value: unknown = root;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    switch (step.kind) {
      case "field":
        if (step.proto.options?.debugRedact === true) return undefined;
        if (step.fieldKind === "message" && !(value as ReflectMessage).isSet(step)) return "nothing";
        value = (value as ReflectMessage).get(step);
        break;
      case "list_sub":
        value = (value as { get(i: number): unknown }).get(step.index);
        break;
      case "map_sub":
        value = (value as { get(key: unknown): unknown }).get(step.key);
        break;
      case "oneof":
        return (value as ReflectMessage).oneofCase(step) === undefined ? "nothing" : undefined;
      case "extension":
        return undefined;
    }
  }
  return path.length === 0 ? undefined : shown(isReflectMessage(value) ? textOf(value) : value);
}

/** Times and durations are one text in JSON. Of other messages there is nothing short to show. */
function textOf({ desc, message }: ReflectMessage): string | undefined {
  if (desc.typeName !== "google.protobuf.Duration" && desc.typeName !== "google.protobuf.Timestamp") return undefined;
  try {
    return toJson(desc, message) as string;
  } catch {
    // Beyond what JSON can say.
    return undefined;
  }
}

function shown(value: unknown): string | undefined {
  switch (typeof value) {
    case "string": {
      const characters = Array.from(value);
      const length = characters.length > LONGEST_ECHO ? ` (${characters.length} characters)` : "";
      return `${JSON.stringify(characters.slice(0, LONGEST_ECHO).join(""))}${length === "" ? "" : `…${length}`}`;
    }
    case "number":
    case "bigint":
    case "boolean":
      return String(value);
    default:
      return undefined;
  }
}
