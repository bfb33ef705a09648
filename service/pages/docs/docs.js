/**
 * The API reference, drawn from the OpenAPI description that the server sends, so that it is always up to date.
 *
 * The texts of the page, the summaries of calls and the meanings of parameters are in the reader's language. Descriptions of fields and types
 * are in English, and marked as such.
 */

import { make } from "/display/element.js";
import { usable } from "/display/usable.js";
import { hasText, languageNow, say, sayInto, texts } from "/pages/texts.js";
import "/pages/ui.js";
import { CHINESE as MEANINGS } from "./parameters.js";
import { drawSchema, typeOf } from "./schema.js";
import { CHINESE as SUMMARIES } from "./summaries.js";

const FETCH_MS = 15_000;
const METHODS = ["get", "put", "post", "patch", "delete", "head", "options"];
const PROBLEM = "application/problem+json";
// Nearly every path begins with this. The table of contents leaves it out, to show the differences.
const HALL_PATH = "/v1/halls/{hall}/";

const part = (id) => document.getElementById(id);

/** Language tag of the description, null if it is that of the page. */
const english = () => (languageNow() === "en" ? null : "en");

/** The description; null until it is read. */
let reference = null;
/** Whether the description could not be read. */
let isUnread = false;

/**
 * All operations in the order of the description.
 * @returns {{id: string, method: string, path: string, tag: string, operation: object, parameters: object[]}[]}
 */
function operationsOf(spec) {
  return Object.entries(spec.paths ?? {}).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => {
      const operation = item[method];
      return {
        id: `${method}${path.replaceAll(/[^A-Za-z0-9]+/g, "-").replace(/-$/, "")}`,
        method,
        path,
        tag: operation.tags?.[0] ?? "other",
        operation,
        parameters: [...(item.parameters ?? []), ...(operation.parameters ?? [])].map((parameter) => resolve(spec, parameter)),
      };
    }),
  );
}

/** Follow `$ref`s within the description. */
function resolve(spec, value) {
  let found = value;
  for (let depth = 0; found?.$ref && depth < 10; depth += 1) {
    found = found.$ref
      .replace(/^#\//, "")
      .split("/")
      .reduce((node, key) => node?.[decodeURIComponent(key).replaceAll("~1", "/").replaceAll("~0", "~")], spec);
  }
  return found ?? {};
}

/** Draw a text of the description, which consists of paragraphs and `code`. */
function text(written) {
  const paragraphs = String(written ?? "").split(/\n\s*\n/).filter((paragraph) => paragraph.trim() !== "");
  return paragraphs.map((paragraph) => make("p", { lang: english() }, inline(paragraph)));
}

function inline(written) {
  return written.split(/(`[^`]+`)/).map((piece) => (piece.startsWith("`") && piece.length > 2 ? make("code", {}, piece.slice(1, -1)) : piece));
}

/** Summary of a call, in the page's language. */
function summaryOf({ operationId, summary }) {
  const translation = languageNow() === "zh" ? SUMMARIES[operationId] : undefined;
  if (translation === undefined && !summary) return null;
  return make("p", { lang: translation === undefined ? english() : null }, make("b", {}, inline(translation ?? summary)));
}

/** Meaning of a parameter, in the page's language. */
function meaningOf({ description }) {
  const translation = languageNow() === "zh" ? MEANINGS[description] : undefined;
  return translation === undefined ? text(description) : make("p", {}, inline(translation));
}

/** A path for the table of contents, without the common prefix, with line breaks only before its parts. */
function shortPath(path) {
  const short = path.startsWith(HALL_PATH) ? path.slice(HALL_PATH.length) : path;
  return short.split(/(?=[/.])/).flatMap((piece, index) => (index > 0 ? [make("wbr"), piece] : [piece]));
}

/** Who may call: our extension field, otherwise the names of the security schemes. An empty requirement means everybody. */
function rolesOf(spec, operation) {
  const extension = operation["x-roles"] ?? operation["x-role"];
  if (extension) return [extension].flat();
  const required = operation.security ?? spec.security;
  if (!required) return [];
  const roles = required.flatMap((requirement) => Object.entries(requirement).flatMap(([scheme, scopes]) => (scopes.length > 0 ? scopes : [scheme])));
  return required.some((requirement) => Object.keys(requirement).length === 0) ? ["all", ...roles] : roles;
}

/** The problem codes of a response. The description may have them in several places. */
function problemsOf(spec, response) {
  const codes = [response["x-problems"] ?? response["x-problem-codes"] ?? response["x-codes"] ?? []].flat();
  const media = response.content?.[PROBLEM];
  const code = resolve(spec, resolve(spec, media?.schema).properties?.code);
  codes.push(...(code.enum ?? []), ...(code.const === undefined ? [] : [code.const]));
  codes.push(...[media?.example, ...Object.values(media?.examples ?? {}).map((example) => resolve(spec, example).value)].flatMap((example) => example?.code ?? []));
  return [...new Set(codes.map((code) => (typeof code === "string" ? code : code.code)))].filter(Boolean);
}

/** Description of a response, without the codes at its end, which are drawn as a list. */
function described(response, problems) {
  const listed = problems.map((code) => `\`${code}\``).join(", ");
  const written = String(response.description ?? "");
  return text(listed !== "" && written.endsWith(listed) ? written.slice(0, -listed.length) : written);
}

function drawOperation(spec, { id, method, path, operation, parameters }) {
  const roles = rolesOf(spec, operation);
  const body = resolve(spec, operation.requestBody);
  return make(
    "article.operation",
    { id, "data-method": method, "data-path": path },
    make("h3.call", {}, make("span.method", { "data-method": method }, method.toUpperCase()), make("a", { href: `#${id}` }, make("code", {}, path)), operation.deprecated ? make("span.mark", {}, say("docs-deprecated")) : null),
    make("div.text", {}, summaryOf(operation), text(operation.description)),
    roles.length > 0 ? make("p.roles", {}, make("span.quiet", {}, say("docs-who")), roles.map((role) => make("span.tag", {}, role))) : null,
    ...drawParameters(parameters),
    ...drawBody(body),
    ...drawResponses(spec, operation),
  );
}

function drawParameters(parameters) {
  if (parameters.length === 0) return [];
  const rows = parameters.map((parameter) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, make("code", {}, parameter.name), make("span.must", {}, parameter.required ? `${parameter.in}, ${say("docs-required")}` : parameter.in)),
      make("td", {}, make("p.type", { lang: english() }, typeOf(parameter.schema ?? Object.values(parameter.content ?? {})[0]?.schema ?? {})), meaningOf(parameter)),
    ),
  );
  return [make("h4", {}, say("docs-parameters")), make("table.lines", {}, make("tbody", {}, rows))];
}

function drawBody(body) {
  return Object.entries(body.content ?? {}).flatMap(([type, media]) => [
    make("h4", {}, `${say("docs-body")} `, make("span.quiet.small", {}, make("code", {}, type), body.required ? `, ${say("docs-required")}` : "")),
    ...text(body.description),
    schemaOf(media),
  ]);
}

function drawResponses(spec, operation) {
  const rows = Object.entries(operation.responses ?? {}).map(([status, written]) => {
    const response = resolve(spec, written);
    const problems = problemsOf(spec, response);
    const bodies = Object.entries(response.content ?? {}).filter(([type]) => type !== PROBLEM || problems.length === 0);
    const headers = Object.keys(response.headers ?? {});
    return make(
      "tr",
      {},
      make("th.code", { scope: "row" }, make("code", {}, status)),
      make(
        "td",
        {},
        described(response, problems),
        bodies.map(([type, media]) => make("div", {}, type === "application/json" ? null : make("p.quiet.small", {}, make("code", {}, type)), schemaOf(media))),
        headers.length > 0 ? make("p.quiet.small", {}, `${say("docs-headers")} `, headers.flatMap((header, index) => [index > 0 ? ", " : "", make("code", {}, header)])) : null,
        problems.length > 0 ? make("p.problems", {}, problems.map((code) => make("code", {}, code))) : null,
      ),
    );
  });
  const common = [operation["x-problems"] ?? operation["x-problem-codes"] ?? []].flat().map((one) => (typeof one === "string" ? one : one.code));
  return [
    make("h4", {}, say("docs-answers")),
    make("table.lines.responses", {}, make("tbody", {}, rows)),
    ...(common.length > 0 ? [make("h4", {}, say("docs-problems")), make("p.problems", {}, common.map((code) => make("code", {}, code)))] : []),
  ];
}

function schemaOf(media) {
  return make("div", { lang: english() }, drawSchema(media.schema ?? {}));
}

/** Name of a group of calls: that of the page if there is one, otherwise that of the description. */
function nameOf(tag) {
  return hasText(`tag-${tag}`) ? say(`tag-${tag}`) : tag;
}

function draw() {
  sayInto();
  document.title = `${say("docs-title")} · Paihao`;
  part("state").hidden = reference !== null;
  part("state").textContent = say(isUnread ? "docs-unread" : "docs-reading");
  if (reference !== null) drawAll(reference);
}

function drawAll(spec) {
  const { version, description } = spec.info ?? {};
  part("title").append(version ? make("span.quiet.small", {}, ` ${version}`) : "");
  part("about").replaceChildren(make("p", {}, say("docs-about")), ...text(description));

  const operations = operationsOf(spec);
  const descriptions = new Map((spec.tags ?? []).map((tag) => [tag.name, tag.description]));
  const tags = [...new Set([...descriptions.keys(), ...operations.map(({ tag }) => tag)])].filter((tag) => operations.some((operation) => operation.tag === tag));
  part("operations").replaceChildren(
    ...tags.map((tag) =>
      make("section.group", {}, make("h2", {}, nameOf(tag)), make("div.text", {}, text(descriptions.get(tag))), operations.filter((operation) => operation.tag === tag).map((one) => drawOperation(spec, one))),
    ),
  );
  const schemas = Object.entries(spec.components?.schemas ?? {});
  part("schemas").replaceChildren(
    ...(schemas.length === 0
      ? []
      : [make("section.group", {}, make("h2", {}, say("docs-schemas")), schemas.map(([name, schema]) => make("article.schema", { id: `schema-${name}`, "data-path": name }, make("h3.call", {}, make("a", { href: `#schema-${name}` }, make("code", {}, name))), schemaOf({ schema }))))]),
  );
  part("contents").replaceChildren(
    ...tags.flatMap((tag) => [
      make("h2", {}, nameOf(tag)),
      ...operations
        .filter((operation) => operation.tag === tag)
        .map(({ id, method, path }) => make("a", { href: `#${id}` }, make("span.method", { "data-method": method }, method.toUpperCase()), make("code", { title: path }, shortPath(path)))),
    ]),
    ...(schemas.length === 0 ? [] : [make("h2", {}, say("docs-schemas")), ...schemas.map(([name]) => make("a.plain", { href: `#schema-${name}` }, make("code", {}, name)))]),
  );
  search();
}

/** Show only the calls that contain every word of the search, in the text and in the table of contents. */
function search() {
  const words = part("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const article of document.querySelectorAll(".operation, .schema")) {
    const content = `${article.dataset.method ?? ""} ${article.textContent}`.toLowerCase();
    article.hidden = !words.every((word) => content.includes(word));
    if (!article.hidden) found += 1;
    const link = part("contents").querySelector(`a[href="#${CSS.escape(article.id)}"]`);
    if (link) link.hidden = article.hidden;
  }
  for (const group of document.querySelectorAll(".group")) group.hidden = !group.querySelector("article:not([hidden])");
  for (const head of part("contents").querySelectorAll("h2")) {
    let next = head.nextElementSibling;
    while (next?.matches("a[hidden]")) next = next.nextElementSibling;
    head.hidden = !next?.matches("a");
  }
  part("found").textContent = words.length === 0 ? "" : found === 0 ? say("docs-found-none") : say("docs-found", { count: found });
}

async function load() {
  try {
    const response = await fetch("/openapi.json", { signal: AbortSignal.timeout(FETCH_MS) });
    if (!response.ok) throw new Error(String(response.status));
    reference = await response.json();
  } catch (reason) {
    isUnread = true;
    console.warn("openapi.json:", reason);
  }
}

const read = load();
await texts("common", "docs");
part("search").addEventListener("input", search);
document.addEventListener("paihao:language", draw);
draw();
await read;
draw();
usable();
// The address may name an operation that was not drawn yet when the browser looked for it.
if (location.hash.length > 1) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
