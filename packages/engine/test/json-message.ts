import { isJsonObject, type JsonObject, type JsonValue } from "../src/json.ts";
import { MessageMismatch, type FieldShape, type Message, type MessageShape, type Spelling } from "../src/message.ts";

/** A type of message, by what its fields hold. Names are proto names; `oneof` ties members together. */
export type TypeOf = Readonly<
  Record<string, { readonly holds: "text" | "list" | "map" | TypeOf; readonly oneof?: string }>
>;

/** A message type as merges see it. */
export function shapeOf(type: TypeOf): MessageShape {
  const fields = Object.entries(type).map(([name, { holds, oneof }]): FieldShape => {
    const siblings = Object.keys(type).filter(
      (other) => other !== name && oneof !== undefined && type[other]?.oneof === oneof,
    );
    return {
      protoName: name,
      jsonName: camel(name),
      kind: holds === "map" ? "map" : typeof holds === "object" ? "message" : "value",
      shape: typeof holds === "object" ? shapeOf(holds) : undefined,
      siblings: siblings.map((sibling) => ({ protoName: sibling, jsonName: camel(sibling) })),
    };
  });
  return {
    field: (key) =>
      fields.find(({ protoName, jsonName }) => key === protoName || key === jsonName) ??
      fields.find(({ protoName, jsonName }) =>
        [protoName, jsonName].some((name) => name.toLowerCase() === key.toLowerCase()),
      ),
  };
}

/** A message of plain JSON: a host without a protocol, for the engine's own tests. `value` is in proto names. */
export function jsonMessage(type: TypeOf, value: JsonObject): Message {
  return {
    shape: shapeOf(type),
    json: (spelling) => spelled(type, value, spelling),
    replacedBy: (json, unknownKeys) => jsonMessage(type, parsed(type, json, unknownKeys)),
    recordable: (reply) => reply,
  };
}

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function spelled(type: TypeOf, value: JsonObject, spelling: Spelling): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]): [string, JsonValue] => {
      const holds = type[name]?.holds;
      const shown = typeof holds === "object" && isJsonObject(inner) ? spelled(holds, inner, spelling) : inner;
      return [spelling === "proto" ? name : camel(name), shown];
    }),
  );
}

function parsed(type: TypeOf, json: JsonObject, unknownKeys: "ignore" | "refuse"): JsonObject {
  return Object.fromEntries(
    Object.entries(json).flatMap(([key, value]): [string, JsonValue][] => {
      const name = Object.keys(type).find((each) => key === each || key === camel(each));
      const holds = name === undefined ? undefined : type[name]?.holds;
      if (name === undefined || holds === undefined) {
        if (unknownKeys === "ignore") return [];
        throw new MessageMismatch(`there is no field "${key}"`);
      }
      if (typeof holds === "object" && isJsonObject(value)) return [[name, parsed(holds, value, unknownKeys)]];
      const fits =
        holds === "text" ? typeof value === "string" : holds === "list" ? Array.isArray(value) : isJsonObject(value);
      if (!fits) throw new MessageMismatch(`${name}: expected a ${typeof holds === "object" ? "message" : holds}`);
      return [[name, value]];
    }),
  );
}
