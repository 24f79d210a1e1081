// docs/reference/api.md: services, methods, messages and enums of the API, out of the descriptors with their comments.
import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary, getOption, hasOption, ScalarType, toJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createRoutes, methodRules, readComments } from "@interpose/protocol";
import { field as fieldRules, FieldRulesSchema } from "@interpose/protocol/gen/buf/validate/validate_pb";

const OWN = /^(interpose\.v1|zitadel\.)/;

/** The page's text. */
export function apiPage() {
  const set = fromBinary(
    FileDescriptorSetSchema,
    readFileSync(new URL(import.meta.resolve("@interpose/protocol/descriptors.binpb"))),
  );
  const registry = createFileRegistry(set);
  const comments = readComments(set.file);
  const says = (name) => comments.get(name) ?? "";
  const services = [...registry].filter((each) => each.kind === "service" && OWN.test(each.typeName)).sort(byName);
  const routes = createRoutes(services).all;
  const { messages, enums } = reachedFrom(services);
  return [
    "# Reference of the API",
    "",
    "Services, messages and enums, with the comments of their .proto files. [The API](../api.md) explains protocols, access and errors.",
    "",
    ...services.flatMap((service) => [
      `## ${service.typeName}`,
      "",
      ...paragraph(says(service.typeName)),
      ...service.methods.flatMap((method) => {
        const { access } = methodRules(method);
        const paths = routes
          .filter((route) => route.method === method)
          .map(({ verb, template }) => `\`${verb} ${template.text}\``);
        const answer = `${method.methodKind === "server_streaming" ? "stream of " : ""}${link(method.output)}`;
        return [
          `### ${service.name}.${method.name}`,
          "",
          ...paragraph(says(`${service.typeName}.${method.name}`)),
          `${link(method.input)} → ${answer}${paths.length > 0 ? `; ${paths.join(", ")}` : ""}; ${access.kind === "permission" ? `permission \`${access.permission}\`` : "any token"}`,
          "",
        ];
      }),
    ]),
    "## Messages",
    "",
    ...messages.flatMap((message) => [
      `### ${message.typeName}`,
      "",
      ...paragraph(says(message.typeName)),
      ...table(message, says),
    ]),
    "## Enums",
    "",
    ...enums.flatMap((type) => [
      `### ${type.typeName}`,
      "",
      ...paragraph(says(type.typeName)),
      "| value | number | what |",
      "|---|---|---|",
      ...type.values.map(
        ({ name, number }) => `| \`${name}\` | ${number} | ${cell(says(`${type.typeName}.${name}`))} |`,
      ),
      "",
    ]),
  ].join("\n");
}

function table(message, says) {
  if (message.fields.length === 0) return ["It has no fields.", ""];
  return [
    "| field | type | rules | what |",
    "|---|---|---|---|",
    ...message.fields.map((field) => {
      const group = field.oneof ? ` (one of \`${field.oneof.name}\`)` : "";
      return `| \`${field.name}\` | ${typeOf(field)}${group} | ${rulesOf(field)} | ${cell(says(`${message.typeName}.${field.name}`))} |`;
    }),
    "",
  ];
}

/** Rules of protovalidate, in their JSON. */
function rulesOf(field) {
  if (!hasOption(field, fieldRules)) return "";
  return `\`${JSON.stringify(toJson(FieldRulesSchema, getOption(field, fieldRules))).replaceAll("|", "\\|")}\``;
}

function typeOf(field) {
  const one = (kind, type, scalar) => (kind === "scalar" ? ScalarType[scalar].toLowerCase() : link(type));
  if (field.fieldKind === "list") return `list of ${one(field.listKind, field.message ?? field.enum, field.scalar)}`;
  if (field.fieldKind === "map")
    return `map of ${ScalarType[field.mapKey].toLowerCase()} to ${one(field.mapKind, field.message ?? field.enum, field.scalar)}`;
  return one(field.fieldKind, field.message ?? field.enum, field.scalar);
}

/** Types of our own have a heading on the page; others are well known by their name. */
function link(type) {
  return OWN.test(type.typeName)
    ? `[${type.name}](#${type.typeName.toLowerCase().replaceAll(".", "")})`
    : `\`${type.typeName}\``;
}

/** Messages and enums that methods take and answer, and those within them. */
function reachedFrom(services) {
  const found = new Set();
  const visit = (type) => {
    if (!type || found.has(type) || !OWN.test(type.typeName)) return;
    found.add(type);
    for (const field of type.fields ?? []) visit(field.message ?? field.enum);
  };
  for (const { methods } of services) for (const { input, output } of methods) [input, output].forEach(visit);
  const all = [...found].sort(byName);
  return { messages: all.filter(({ kind }) => kind === "message"), enums: all.filter(({ kind }) => kind === "enum") };
}

function byName(a, b) {
  return a.typeName < b.typeName ? -1 : 1;
}

function paragraph(text) {
  return text === "" ? [] : [text.replaceAll("<", "&lt;"), ""];
}

function cell(text) {
  return text
    .replace(/\s*\n\s*/g, " ")
    .replaceAll("|", "\\|")
    .replaceAll("<", "&lt;");
}
