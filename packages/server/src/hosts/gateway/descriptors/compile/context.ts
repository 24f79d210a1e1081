import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import type { Cursor } from "./cursor.ts";
import type { Token } from "./tokens.ts";

/** A part of an option's name: a field's, or an extension's in parentheses. */
export interface OptionPart {
  readonly name: string;
  readonly isExtension: boolean;
}

/** An option as it was written. What it means is known when all files are read. */
export interface OptionStatement {
  /** What it is set on. */
  readonly element: { options?: Message | undefined };
  /** `google.protobuf.FieldOptions` and its like. */
  readonly schema: DescMessage;
  /** Name of the element below its package, which relative names are looked up from. */
  readonly scope: string;
  readonly path: readonly OptionPart[];
  readonly value: readonly Token[];
  readonly offset: number;
}

/** What the parsers of one file share. */
export interface ParseContext {
  readonly cursor: Cursor;
  readonly proto: FileDescriptorProto;
  /** The options that are to be understood later, in the order in which they were written. */
  readonly options: OptionStatement[];
  /** Where fields, methods and what else names other things begin, for what is found out later. */
  readonly offsets: Map<object, number>;
  readonly maxNesting: number;
}

/** Whether the file's syntax is the one in question. A file without any is proto2. */
export function isSyntax({ proto }: ParseContext, syntax: "proto2" | "proto3" | "editions"): boolean {
  return (proto.syntax || "proto2") === syntax;
}

/** The name of something in a scope; both are below the package. */
export function nameIn(scope: string, name: string): string {
  return scope === "" ? name : `${scope}.${name}`;
}
