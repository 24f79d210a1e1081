import type { DescExtension, DescField, DescMessage } from "@bufbuild/protobuf";
import { hiddenRoot, type HiddenPlace } from "@interpose/engine";

/** Fields that targets neither see nor change: those that are marked `debug_redact` in their .proto file (google/protobuf/descriptor.proto), and those on a list of paths. */
export interface HiddenFields {
  /** Whether there are no paths, and nothing but `debug_redact` hides. */
  readonly isEmpty: boolean;
  /** What is hidden in a message of a type. Undefined: nothing can be. Found out once for each type. */
  in(schema: DescMessage): HiddenIn | undefined;
}

/** How JSON writes messages of a type: field by field, by the type that it names itself, as any JSON, or as one value. */
export type MessageForm = "message" | "any" | "json" | "value";

/** What is hidden in messages of one type at one place. */
export interface HiddenIn {
  readonly schema: DescMessage;
  readonly form: MessageForm;
  readonly place: HiddenPlace;
  field(field: DescField | DescExtension): HiddenInField;
  /** For the form `any`: what is hidden in the message that it holds. JSON has that as the member `value` where it is no object of fields. */
  content(schema: DescMessage): HiddenAt;
}

/** What is hidden of one value. */
export interface HiddenAt {
  /** Whether all of it is. */
  readonly isHidden: boolean;
  /** What is hidden in it, where it is a message in which something can be. */
  readonly inside: HiddenIn | undefined;
}

/** What is hidden of one field. For a list, `inside` means each of its items. */
export interface HiddenInField extends HiddenAt {
  /** For a map: what is hidden of an entry. Undefined: nothing can be. */
  readonly entry: ((key: string) => HiddenAt) | undefined;
}

/** Most places that are looked at to find out whether something can be hidden. Behind them it is taken for granted. */
const MAX_PLACES_LOOKED_AT = 2_000;
/** Most places of one type that are remembered. */
const MAX_NODES_OF_TYPE = 1_000;

/** Whether a field's value is not for others, by its .proto file. */
function isRedacted(field: DescField | DescExtension): boolean {
  return field.proto.options?.debugRedact === true;
}

/** How JSON writes messages of a type. https://protobuf.dev/programming-guides/json/ */
export function formOf({ typeName }: DescMessage): MessageForm {
  switch (typeName) {
    case "google.protobuf.Any":
      return "any";
    case "google.protobuf.Struct":
    case "google.protobuf.Value":
    case "google.protobuf.ListValue":
      return "json";
    case "google.protobuf.Timestamp":
    case "google.protobuf.Duration":
    case "google.protobuf.FieldMask":
      return "value";
    default:
      return /^google\.protobuf\.(Double|Float|U?Int64|U?Int32|Bool|String|Bytes)Value$/.test(typeName)
        ? "value"
        : "message";
  }
}

/** Compiles paths, which must be valid. What they mean for a type is found out when the first message of that type comes. */
export function createHiddenFields(paths: readonly string[]): HiddenFields {
  const nodes = createNodes({ redacts: true });
  const root = hiddenRoot(paths);
  return { isEmpty: paths.length === 0, in: (schema) => inside(nodes(schema, root)) };
}

/** What hides by `debug_redact` alone. */
export const REDACTED_FIELDS = createHiddenFields([]);

/** Whether a path can mean a field of a type's messages, or something in one. What the messages themselves decide, such as the keys of a map, is taken for possible. */
export function pathLeadsInto(path: string, schema: DescMessage): boolean {
  return inside(createNodes({ redacts: false })(schema, hiddenRoot([path]))) !== undefined;
}

interface Node extends HiddenIn {
  /** Whether something can be hidden in it, where that was found out. */
  mayHide: boolean | undefined;
  field(field: DescField | DescExtension): NodeField;
}

interface NodeField extends HiddenInField {
  /** What each of its messages is, where that does not depend on a key. */
  readonly node: Node | undefined;
  /** Whether its keys decide. */
  readonly isByKey: boolean;
}

/** Answers the node of a type at a place: the same one each time. */
type Nodes = (schema: DescMessage, place: HiddenPlace) => Node;

interface NodesOptions {
  /** Whether `debug_redact` hides. */
  readonly redacts: boolean;
}

function createNodes(options: NodesOptions): Nodes {
  const bySchema = new WeakMap<DescMessage, Map<string, Node>>();
  const nodes: Nodes = (schema, place) => {
    const known = bySchema.get(schema) ?? new Map<string, Node>();
    bySchema.set(schema, known);
    const node = known.get(place.id) ?? createNode(schema, place, nodes, options);
    if (known.size < MAX_NODES_OF_TYPE) known.set(place.id, node);
    return node;
  };
  return nodes;
}

function createNode(schema: DescMessage, place: HiddenPlace, nodes: Nodes, options: NodesOptions): Node {
  const fields = new Map<DescField | DescExtension, NodeField>();
  const form = formOf(schema);
  return {
    schema,
    form,
    place,
    // What an Any holds may have fields that are marked.
    mayHide: form === "any" && options.redacts ? true : form === "json" || form === "any" ? !place.isEnd : undefined,
    field(field) {
      const known = fields.get(field);
      if (known) return known;
      const found = createField(field, place, nodes, options);
      fields.set(field, found);
      return found;
    },
    content: (held) => hiddenAt(held, formOf(held) === "message" ? place : place.next("value"), nodes),
  };
}

function createField(
  field: DescField | DescExtension,
  from: HiddenPlace,
  nodes: Nodes,
  { redacts }: NodesOptions,
): NodeField {
  const place = field.kind === "extension" ? from.next(`[${field.typeName}]`) : from.next(field.name, field.jsonName);
  const message = field.message;
  if ((redacts && isRedacted(field)) || place.isHidden)
    return { isHidden: true, inside: undefined, entry: undefined, node: undefined, isByKey: false };
  if (field.fieldKind === "map" && !place.isEnd) {
    const entry = (key: string): HiddenAt => hiddenAt(message, place.next(key), nodes);
    return { isHidden: false, inside: undefined, entry, node: undefined, isByKey: true };
  }
  const node = message && nodes(message, place);
  const each: HiddenAt = {
    isHidden: message !== undefined && leadsIntoValue(message, place),
    get inside() {
      return node && inside(node);
    },
  };
  return {
    isHidden: each.isHidden,
    node,
    isByKey: false,
    get inside() {
      return field.fieldKind === "map" ? undefined : each.inside;
    },
    get entry() {
      return field.fieldKind === "map" && each.inside ? () => each : undefined;
    },
  };
}

function hiddenAt(message: DescMessage | undefined, place: HiddenPlace, nodes: Nodes): HiddenAt {
  const isHidden = place.isHidden || (message !== undefined && leadsIntoValue(message, place));
  return { isHidden, inside: message && !isHidden ? inside(nodes(message, place)) : undefined };
}

/** Whether a path leads into what JSON writes as one value, such as a time: a part of it cannot be hidden, so the whole is. */
function leadsIntoValue(message: DescMessage, place: HiddenPlace): boolean {
  if (place.isEnd || formOf(message) !== "value") return false;
  return message.fields.some(({ name, jsonName }) => place.next(name, jsonName).isHidden);
}

function inside(node: Node): HiddenIn | undefined {
  node.mayHide ??= findOut(node);
  return node.mayHide ? node : undefined;
}

/** Looks at all that a message can hold, until something is found that is hidden. Types may hold themselves. */
function findOut(start: Node): boolean {
  const seen = new Set<Node>([start]);
  for (const node of seen) {
    if (node.mayHide === true || seen.size > MAX_PLACES_LOOKED_AT) return true;
    if (node.form !== "message") continue;
    for (const field of node.schema.fields) {
      const { isHidden, isByKey, node: below } = node.field(field);
      if (isHidden || isByKey) return true;
      if (below && below.mayHide !== false) seen.add(below);
    }
  }
  // Nothing was found anywhere, so none of them hides anything.
  for (const node of seen) node.mayHide = false;
  return false;
}
