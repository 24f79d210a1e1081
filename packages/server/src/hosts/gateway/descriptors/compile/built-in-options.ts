import { create } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Type as Type,
  FieldOptionsSchema,
  type DescriptorProto,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";

const END_OF_NUMBERS = 536_870_912;
const END_OF_MESSAGE_SET = 2_147_483_647;

/** What follows in descriptors from protobuf's own options. To be done when those are set. */
export function applyBuiltInOptions({ messageType }: Pick<FileDescriptorProto, "messageType">): void {
  for (const message of messageType) {
    // Extensions of a message set may have any number, so "max" means more there.
    if (message.options?.messageSetWireFormat) {
      for (const range of message.extensionRange) if (range.end === END_OF_NUMBERS) range.end = END_OF_MESSAGE_SET;
    }
    passOnUtf8Validation(message);
    applyBuiltInOptions({ messageType: message.nestedType });
  }
}

/** Whether texts must be UTF-8 is said on a map, and holds for the fields of its entries. */
function passOnUtf8Validation(message: DescriptorProto): void {
  for (const entry of message.nestedType) {
    if (!entry.options?.mapEntry) continue;
    const map = message.field.find(({ typeName }) => typeName.endsWith(`.${message.name}.${entry.name}`));
    const utf8Validation = map?.options?.features?.utf8Validation;
    if (!utf8Validation) continue;
    for (const field of entry.field) {
      if (field.type === Type.STRING) field.options = create(FieldOptionsSchema, { features: { utf8Validation } });
    }
  }
}
