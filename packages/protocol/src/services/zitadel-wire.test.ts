import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  create,
  fromBinary,
  getOption,
  ScalarType,
  toBinary,
  type DescField,
  type DescFile,
  type DescMessage,
  type DescMethod,
  type DescService,
  type Message,
} from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import * as protoService from "@zitadel/proto/zitadel/action/v2beta/action_service_pb.js";
import * as protoExecution from "@zitadel/proto/zitadel/action/v2beta/execution_pb.js";
import * as protoQuery from "@zitadel/proto/zitadel/action/v2beta/query_pb.js";
import * as protoTarget from "@zitadel/proto/zitadel/action/v2beta/target_pb.js";
import * as protoFilter from "@zitadel/proto/zitadel/filter/v2beta/filter_pb.js";
import * as nodeServiceV2 from "@zitadel/node/dist/api/generated/zitadel/action/v2/action_service.js";
import * as nodeExecutionV2 from "@zitadel/node/dist/api/generated/zitadel/action/v2/execution.js";
import * as nodeQueryV2 from "@zitadel/node/dist/api/generated/zitadel/action/v2/query.js";
import * as nodeTargetV2 from "@zitadel/node/dist/api/generated/zitadel/action/v2/target.js";
import * as nodeFilterV2 from "@zitadel/node/dist/api/generated/zitadel/filter/v2/filter.js";
import * as nodeService from "@zitadel/node/dist/api/generated/zitadel/action/v2beta/action_service.js";
import * as nodeExecution from "@zitadel/node/dist/api/generated/zitadel/action/v2beta/execution.js";
import * as nodeQuery from "@zitadel/node/dist/api/generated/zitadel/action/v2beta/query.js";
import * as nodeTarget from "@zitadel/node/dist/api/generated/zitadel/action/v2beta/target.js";
import * as nodeFilter from "@zitadel/node/dist/api/generated/zitadel/filter/v2beta/filter.js";
import { http } from "../gen/google/api/annotations_pb.js";
import { HttpRuleSchema, type HttpRule } from "../gen/google/api/http_pb.js";
import { file_zitadel_action_v2_action_service } from "../gen/zitadel/action/v2/action_service_pb.js";
import { file_zitadel_action_v2_execution } from "../gen/zitadel/action/v2/execution_pb.js";
import { file_zitadel_action_v2_query } from "../gen/zitadel/action/v2/query_pb.js";
import { file_zitadel_action_v2_target } from "../gen/zitadel/action/v2/target_pb.js";
import { file_zitadel_action_v2beta_action_service } from "../gen/zitadel/action/v2beta/action_service_pb.js";
import { file_zitadel_action_v2beta_execution } from "../gen/zitadel/action/v2beta/execution_pb.js";
import { file_zitadel_action_v2beta_query } from "../gen/zitadel/action/v2beta/query_pb.js";
import { file_zitadel_action_v2beta_target } from "../gen/zitadel/action/v2beta/target_pb.js";
import { file_zitadel_filter_v2_filter } from "../gen/zitadel/filter/v2/filter_pb.js";
import { file_zitadel_filter_v2beta_filter } from "../gen/zitadel/filter/v2beta/filter_pb.js";

/** All of a file that decides about bytes and JSON, as values that can be compared. Comments, rules and options of single languages are left out. */
function wireOf({ messages, enums, services }: DescFile): unknown {
  return {
    messages: messages.map((message) => ({
      name: message.typeName,
      fields: message.fields.map(fieldOf).sort((a, b) => a.number - b.number),
      oneofs: message.oneofs.map(({ name, fields }) => [name, fields.map(({ number }) => number)]),
      reserved: [message.proto.reservedName, message.proto.reservedRange],
      nested: [message.nestedMessages.length, message.nestedEnums.length],
    })),
    enums: enums.map(({ typeName, values }) => [typeName, values.map(({ name, number }) => [name, number])]),
    services: services.map(({ typeName, methods }) => [typeName, methods.map(methodOf)]),
  };
}

function fieldOf({ proto, fieldKind, number, name, jsonName, presence }: DescField) {
  const { type, typeName, label, proto3Optional, oneofIndex } = proto;
  return { number, name, jsonName, fieldKind, presence, type, typeName, label, proto3Optional, oneofIndex };
}

function methodOf(method: DescMethod): unknown {
  const { name, methodKind, input, output } = method;
  return [name, methodKind, input.typeName, output.typeName, ruleOf(getOption(method, http))];
}

function ruleOf({ pattern, body, responseBody, additionalBindings }: HttpRule): unknown {
  return [pattern.case, pattern.value, body, responseBody, additionalBindings.length];
}

describe("the descriptors of zitadel.action.v2beta", () => {
  const files: readonly (readonly [own: DescFile, theirs: DescFile])[] = [
    [file_zitadel_action_v2beta_action_service, protoService.file_zitadel_action_v2beta_action_service],
    [file_zitadel_action_v2beta_execution, protoExecution.file_zitadel_action_v2beta_execution],
    [file_zitadel_action_v2beta_query, protoQuery.file_zitadel_action_v2beta_query],
    [file_zitadel_action_v2beta_target, protoTarget.file_zitadel_action_v2beta_target],
    [file_zitadel_filter_v2beta_filter, protoFilter.file_zitadel_filter_v2beta_filter],
  ];
  for (const [own, theirs] of files) {
    it(`are those of @zitadel/proto in ${own.name}.proto`, () => {
      // The order of types in a file is not on the wire.
      assert.deepEqual(sorted(wireOf(own)), sorted(wireOf(theirs)));
    });
  }
});

function sorted(value: unknown): unknown {
  const lists = Object.entries(value as Record<string, unknown[]>);
  const text = (item: unknown): string => JSON.stringify(item);
  return Object.fromEntries(lists.map(([key, list]) => [key, [...list].sort((a, b) => (text(a) < text(b) ? -1 : 1))]));
}

/** A message type as @zitadel/node has it. */
interface NodeMessage {
  create(base: object): object;
  decode(bytes: Uint8Array): unknown;
  encode(message: unknown): { finish(): Uint8Array };
}

/** What v2 has beyond the version that @zitadel/node was generated from. */
const NEWER = [
  "zitadel.action.v2.CreateTargetRequest.payload_type",
  "zitadel.action.v2.UpdateTargetRequest.payload_type",
  "zitadel.action.v2.Target.payload_type",
];
const NEWER_TYPES = /PublicKey|PayloadType/;
const fieldsOf = ({ typeName, fields }: DescMessage): readonly DescField[] =>
  fields.filter(({ name }) => !NEWER.includes(`${typeName}.${name}`));

/** The messages of a type that have every field set: one for each member of its oneofs. */
function filledOnes(desc: DescMessage, depth = 0): readonly Message[] {
  const variants = Math.max(1, ...desc.oneofs.map(({ fields }) => fields.length));
  return Array.from({ length: variants }, (_, variant) => {
    const message = create(desc);
    const mirror = reflect(desc, message);
    for (const field of fieldsOf(desc)) {
      if (field.oneof && field.oneof.fields.indexOf(field) !== variant % field.oneof.fields.length) continue;
      if (field.fieldKind === "list") {
        const list = mirror.get(field);
        if (field.listKind === "message") {
          for (const item of depth < 5 ? filledOnes(field.message, depth + 1) : [])
            list.add(reflect(field.message, item));
        } else {
          list.add("one");
          list.add("two");
        }
      } else if (field.fieldKind === "message") {
        const [first = create(field.message)] = filledOnes(field.message, depth + 1).slice(variant % 2);
        mirror.set(field, reflect(field.message, first));
      } else if (field.fieldKind === "enum") {
        mirror.set(field, field.enum.values.at(-1)?.number);
      } else if (field.fieldKind === "scalar") {
        mirror.set(field, scalarFor(field.scalar, field.number));
      }
    }
    return message;
  });
}

function scalarFor(scalar: ScalarType, number: number): unknown {
  switch (scalar) {
    case ScalarType.STRING:
      return `text ${number}`;
    case ScalarType.BOOL:
      return true;
    case ScalarType.UINT64:
    case ScalarType.INT64:
      return BigInt(number) + 1_000_000n;
    default:
      // Nanoseconds among them, of which @zitadel/node keeps whole milliseconds in timestamps.
      return number * 1_000_000;
  }
}

/** The tag of the option `google.api.http`: its number, and that it has a length. */
const HTTP_TAG = 578365826;

const VERSIONS = {
  v2beta: {
    files: [
      file_zitadel_action_v2beta_action_service,
      file_zitadel_action_v2beta_execution,
      file_zitadel_action_v2beta_query,
      file_zitadel_action_v2beta_target,
      file_zitadel_filter_v2beta_filter,
    ],
    node: { ...nodeService, ...nodeExecution, ...nodeQuery, ...nodeTarget, ...nodeFilter },
    definition: nodeService.ActionServiceDefinition,
  },
  v2: {
    files: [
      file_zitadel_action_v2_action_service,
      file_zitadel_action_v2_execution,
      file_zitadel_action_v2_query,
      file_zitadel_action_v2_target,
      file_zitadel_filter_v2_filter,
    ],
    node: { ...nodeServiceV2, ...nodeExecutionV2, ...nodeQueryV2, ...nodeTargetV2, ...nodeFilterV2 },
    definition: nodeServiceV2.ActionServiceDefinition,
  },
} as const;

for (const [version, { files, node, definition }] of Object.entries(VERSIONS)) {
  const theirs = node as unknown as Readonly<Record<string, unknown>>;

  describe(`the messages of zitadel.action.${version}`, () => {
    for (const desc of files.flatMap(({ messages }): readonly DescMessage[] => messages)) {
      if (NEWER_TYPES.test(desc.name)) continue;
      const type = theirs[desc.name] as NodeMessage;

      it(`have the fields that @zitadel/node knows in ${desc.typeName}`, () => {
        const names = fieldsOf(desc).map(({ jsonName }) => jsonName);
        assert.deepEqual(Object.keys(type.create({})).sort(), names.sort());
      });

      it(`come back whole from @zitadel/node as ${desc.typeName}`, () => {
        for (const message of filledOnes(desc)) {
          const returned = type.encode(type.decode(toBinary(desc, message))).finish();
          assert.deepEqual(fromBinary(desc, returned), message);
        }
      });
    }
  });

  describe(`the enums of zitadel.action.${version}`, () => {
    for (const desc of files.flatMap(({ enums }) => enums)) {
      if (NEWER_TYPES.test(desc.name)) continue;
      it(`have the names and numbers of @zitadel/node in ${desc.typeName}`, () => {
        const entries = Object.entries(theirs[desc.name] as Record<string, unknown>);
        const named = entries.filter(([name, number]) => typeof number === "number" && name !== "UNRECOGNIZED");
        assert.deepEqual(
          desc.values.map(({ name, number }) => [name, number]),
          named,
        );
      });
    }
  });

  describe(`the RPCs of zitadel.action.${version}`, () => {
    const service = onlyService(files[0]);
    const known = Object.values(definition.methods);

    it("are those of @zitadel/node, and public keys in v2", () => {
      assert.equal(service.typeName, definition.fullName);
      const own = service.methods.map(({ name }) => name).filter((name) => !NEWER_TYPES.test(name));
      assert.deepEqual(own.sort(), known.map(({ name }) => name).sort());
      const newer = service.methods.filter(({ name }) => NEWER_TYPES.test(name)).length;
      assert.equal(newer, version === "v2" ? 5 : 0);
    });

    for (const { name, requestType, responseType, options } of known) {
      it(`have the messages and the HTTP rule of @zitadel/node in ${name}`, () => {
        const method = service.methods.find((each) => each.name === name);
        assert.ok(method);
        assert.equal(requestType, theirs[method.input.name]);
        assert.equal(responseType, theirs[method.output.name]);
        assert.equal(method.methodKind, "unary");
        const [bytes] = options._unknownFields[HTTP_TAG];
        assert.deepEqual(ruleOf(getOption(method, http)), ruleOf(fromBinary(HttpRuleSchema, withoutLength(bytes))));
      });
    }
  });
}

function withoutLength(bytes: Uint8Array): Uint8Array {
  return new BinaryReader(bytes).bytes();
}

function onlyService({ name, services: [service] }: DescFile): DescService {
  if (service) return service;
  throw new Error(`there is no service in ${name}`);
}
