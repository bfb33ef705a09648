/** Draws JSON Schema: types as a line of text, objects as tables, references as links. */

import { make } from "/display/element.js";

// Objects nested deeper than this are not drawn as tables.
const DEPTH_MAX = 4;
const LIMITS = [
  ["minimum", "≥ "],
  ["exclusiveMinimum", "> "],
  ["maximum", "≤ "],
  ["exclusiveMaximum", "< "],
  ["multipleOf", "multiple of "],
  ["minLength", "length ≥ "],
  ["maxLength", "length ≤ "],
  ["minItems", "items ≥ "],
  ["maxItems", "items ≤ "],
  ["pattern", "pattern "],
];

/**
 * A schema as one line of text.
 * @param {object | boolean} schema
 * @returns {(Node | string)[]}
 */
export function typeOf(schema) {
  if (schema === true || schema === undefined || schema === null) return ["anything"];
  if (schema === false) return ["nothing"];
  if (schema.$ref) return [reference(schema.$ref), ...extras(schema)];
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return [...joined(choices.map(typeOf), " or "), ...extras(schema)];
  if (schema.allOf) return [...joined(schema.allOf.map(typeOf), " and "), ...extras(schema)];
  if (schema.const !== undefined) return [make("code", {}, JSON.stringify(schema.const)), ...extras(schema)];
  if (schema.enum) return [...joined(schema.enum.map((value) => [make("code", {}, JSON.stringify(value))]), ", "), ...extras(schema)];
  const types = [schema.type ?? (schema.properties ? "object" : "anything")].flat();
  const names = types.map((type) => {
    if (type === "array") return schema.prefixItems ? ["list of ", ...joined(schema.prefixItems.map(typeOf), ", ")] : ["list of ", ...typeOf(schema.items)];
    if (type === "object" && schema.additionalProperties && typeof schema.additionalProperties === "object") return ["map of ", ...typeOf(schema.additionalProperties)];
    return [type];
  });
  return [...joined(names, " or "), ...extras(schema)];
}

/**
 * A whole schema: its line, and a table of fields for each object in it that has no name.
 * @param {object | boolean} schema
 * @param {number} [depth]
 * @returns {HTMLElement}
 */
export function drawSchema(schema, depth = 0) {
  const box = make(depth === 0 ? "div" : "div.inner");
  if (depth === 0 && schema.description) box.append(make("p", {}, schema.description));
  const objects = inlineObjects(schema);
  if (depth === 0 && !(objects.length === 1 && objects[0] === schema)) box.append(make("p.type", {}, typeOf(schema)));
  if (depth >= DEPTH_MAX) return box;
  for (const object of objects) box.append(fields(object, depth));
  return box;
}

function fields(object, depth) {
  const required = new Set(object.required);
  const rows = Object.entries(object.properties).map(([name, schema]) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, make("code", {}, name), required.has(name) ? make("span.must", {}, "required") : null),
      make("td", {}, make("p.type", {}, typeOf(schema)), schema.description ? make("p", {}, schema.description) : null, inlineObjects(schema).length > 0 ? drawSchema(schema, depth + 1) : null),
    ),
  );
  return make("table.lines", {}, make("tbody", {}, rows));
}

/** The objects defined inside a schema, without those it refers to, which are drawn elsewhere on the page. */
function inlineObjects(schema) {
  if (!schema || typeof schema !== "object" || schema.$ref) return [];
  if (schema.properties && Object.keys(schema.properties).length > 0) return [schema];
  const parts = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? []), schema.items, schema.additionalProperties];
  return parts.flatMap((part) => (part && typeof part === "object" ? inlineObjects(part) : []));
}

function reference(address) {
  const name = address.split("/").at(-1);
  return address.startsWith("#/components/schemas/") ? make("a", { href: `#schema-${name}` }, make("code", {}, name)) : make("code", {}, name);
}

function extras(schema) {
  const limits = [];
  if (schema.format) limits.push(schema.format);
  for (const [key, words] of LIMITS) {
    if (schema[key] !== undefined) limits.push(`${words}${schema[key]}`);
  }
  if (schema.default !== undefined) limits.push(`default ${JSON.stringify(schema.default)}`);
  return limits.length > 0 ? [` (${limits.join(", ")})`] : [];
}

function joined(lists, between) {
  return lists.flatMap((list, index) => (index > 0 ? [between, ...list] : list));
}
