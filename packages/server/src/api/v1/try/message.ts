import { createRegistry, type DescFile, type DescMessage, type DescMethod, type Registry } from "@bufbuild/protobuf";
import { InterposeError, type JsonObject, type Message } from "@interpose/engine";
import { createMessageValidator, decodeJsonMessage, protobufMessage, unwrap } from "@interpose/protocol";

/** A message of a type, from its JSON in either spelling. Throws `bad_request`, naming the field. */
export function messageFromSample(schema: DescMessage, json: JsonObject, registry: Registry): Message {
  return protobufMessage(schema, decodeJsonMessage(schema, Buffer.from(JSON.stringify(json)), registry), registry);
}

/** The types that messages of a method may hold, also within `google.protobuf.Any`: those of its file, and of all that this imports. */
export function registryOf(method: DescMethod): Registry {
  const files = new Set<DescFile>();
  const add = (file: DescFile): void => {
    if (files.has(file)) return;
    files.add(file);
    file.dependencies.forEach(add);
  };
  add(method.parent.file);
  return createRegistry(...files);
}

/** Which rules of validation a message breaks, each with the field that it is about. */
export function violationsOf(schema: DescMessage, message: Message): string[] {
  try {
    createMessageValidator().validate(schema, unwrap(message));
    return [];
  } catch (error) {
    if (error instanceof InterposeError)
      return error.violations.map(({ field, description }) =>
        field === "" ? description : `${field}: ${description}`,
      );
    // Rules of an API behind a gateway that do not work; its own server may know them better.
    return ["the rules of this type could not be checked here"];
  }
}
