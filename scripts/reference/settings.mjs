// docs/reference/settings.md: every setting, out of the JSON Schema that is made of the settings' own schema.
import { LEAVES } from "../../packages/server/src/config/leaves.ts";
import { settingsJsonSchema } from "../../packages/server/src/config/json-schema.ts";

const MIB = 1024 * 1024;

/** The page's text. */
export function settingsPage() {
  const schema = settingsJsonSchema();
  const rows = rowsOf(schema, "", schema.$defs ?? {}).map(({ path, type, fallback, meaning }) => {
    const leaf = LEAVES.find((each) => each.path.join(".") === path);
    const names = leaf
      ? `\`${leaf.flag}\`<br>\`${leaf.variable}\`${leaf.variable === "INTERPOSE_DATABASE_URL" ? "<br>`DATABASE_URL`" : ""}`
      : "";
    return `| \`${path}\` | ${names} | ${type} | ${fallback} | ${cell(meaning)} |`;
  });
  return [
    "# Reference of the settings",
    "",
    "Each setting by its place in `interpose.yaml`, its flag of `interpose serve`, and its variable. [Operating](../operating.md#settings) says which of them wins. What has no flag is a part of the setting above it, which is given as JSON outside of the file; `[]` is each element of a list.",
    "",
    "| in YAML | flag, variable | type | default | what |",
    "|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

/** A row for each setting, and for each part of one that is given whole. */
function rowsOf(schema, path, definitions) {
  const resolved = schema.$ref ? definitions[schema.$ref.replace("#/$defs/", "")] : schema;
  const isLeaf = LEAVES.some((leaf) => leaf.path.join(".") === path);
  const properties = Object.entries(resolved.properties ?? {});
  const items = resolved.items?.properties ? Object.entries(resolved.items.properties) : [];
  const own =
    path !== "" && (isLeaf || properties.length === 0)
      ? [{ path, type: typeOf(resolved), fallback: shownDefault(schema.default), meaning: schema.description ?? "" }]
      : [];
  // A list of gateways has the settings of the one gateway.
  const parts = path === "gateways" ? items.filter(([name]) => name === "name") : items;
  return [
    ...own,
    ...properties.flatMap(([name, inner]) => rowsOf(inner, path === "" ? name : `${path}.${name}`, definitions)),
    ...parts.flatMap(([name, inner]) => rowsOf(inner, `${path}[].${name}`, definitions)),
  ];
}

function typeOf(schema) {
  if (schema.enum)
    return schema.enum
      .filter((each) => typeof each === "string")
      .map((each) => `\`${each}\``)
      .join(", ");
  if (schema.type === "array")
    return `list of ${schema.items?.enum ? typeOf(schema.items) : `${schema.items?.type ?? "value"}s`}`;
  const { minimum, maximum } = schema;
  const bounds = minimum !== undefined && maximum !== undefined ? ` from ${minimum} to ${maximum}` : "";
  const secret = schema.writeOnly ? ", secret" : "";
  return `${schema.type ?? "any"}${bounds}${secret}`;
}

/** A default as people write it: sizes in their unit, lists as a variable has them, and nothing for what is empty. */
function shownDefault(value) {
  if (typeof value === "number" && value > 0 && value % MIB === 0) return `\`${value}\` (${value / MIB} MiB)`;
  if (typeof value === "number" && value > 0 && value % 1024 === 0) return `\`${value}\` (${value / 1024} KiB)`;
  if (Array.isArray(value)) return value.length === 0 ? "" : `\`${value.join(",")}\``;
  return typeof value === "object" || value === undefined || value === "" ? "" : `\`${value}\``;
}

function cell(text) {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("*", "\\*");
}
