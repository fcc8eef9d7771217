import { isDeepStrictEqual } from 'node:util';

import { printable, quoteText } from '@flowline/events';
import type { z } from 'zod';

import { type Finding, formatPath, type Path } from './finding.ts';
import { nearest } from './nearest.ts';

type Issue = z.core.$ZodIssue;
const ABSENT = 'required, but absent';

/** Returns the line of a path in the text, if known. */
export type LineOf = (path: Path) => number | undefined;

/** Unknown keys of one mapping for which a better one is looked for. */
const MOST_KEYS = 50;
/** Maximum length of a value quoted in a message. */
const QUOTED_CHARACTERS = 60;

/** Describes a value for a message: `"text"`, `12`, `a list`, `nothing`. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string'
    ? quoteText(value, QUOTED_CHARACTERS)
    : printable(JSON.stringify(value), QUOTED_CHARACTERS);
}

/** True for a mapping: an object that is not a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path of the document; undefined if the path does not exist. */
function valueAt(document: unknown, path: Path): unknown {
  let value = document;
  for (const part of path) {
    if (Array.isArray(value)) value = value[Number(part)] as unknown;
    else if (isRecord(value)) value = value[String(part)];
    else return undefined;
  }
  return value;
}

/** Keys that a JSON Schema defines at a path; empty if any key is allowed. */
function knownKeys(schema: unknown, path: Path, root: unknown = schema): string[] {
  if (!isRecord(schema)) return [];
  const reference = schema.$ref;
  if (typeof reference === 'string') {
    const target = reference.replace(/^#\/?/, '').split('/').filter(Boolean);
    const resolved = valueAt(root, target);
    return isDeepStrictEqual(resolved, schema) ? [] : knownKeys(resolved, path, root);
  }
  const alternatives = schema.anyOf;
  if (Array.isArray(alternatives)) return alternatives.flatMap((branch) => knownKeys(branch, path, root));
  const [part, ...rest] = path;
  if (part === undefined) return isRecord(schema.properties) ? Object.keys(schema.properties) : [];
  if (typeof part === 'number') {
    const prefix = schema.prefixItems;
    return knownKeys(Array.isArray(prefix) ? prefix[part] : schema.items, rest, root);
  }
  const property = isRecord(schema.properties) ? schema.properties[String(part)] : undefined;
  return knownKeys(property ?? schema.additionalProperties, rest, root);
}

/** True for a secret, which a message does not quote: its JSON Schema says `writeOnly`. */
function isSecretAt(schema: unknown, path: Path): boolean {
  const properties = path.flatMap((part) => ['properties', part]);
  const found = valueAt(schema, properties);
  return isRecord(found) && found.writeOnly === true;
}

/** Objects of a schema that have a key, as paths; those behind references are left out. */
function placesOf(schema: unknown, key: string, path = ''): string[] {
  if (!isRecord(schema)) return [];
  const properties = isRecord(schema.properties) ? schema.properties : {};
  return [
    ...(Object.hasOwn(properties, key) ? [path] : []),
    ...Object.entries(properties).flatMap(([name, inner]) =>
      placesOf(inner, key, path === '' ? name : `${path}.${name}`),
    ),
    ...(Array.isArray(schema.anyOf) ? schema.anyOf.flatMap((branch) => placesOf(branch, key, path)) : []),
    ...placesOf(schema.items, key, `${path}[]`),
  ];
}

/**
 * Issues of the union branch that was meant: the only one that fails below the top level and
 * without unknown keys. Undefined if no branch, or more than one, qualifies.
 */
function meantBranch(issue: z.core.$ZodIssueInvalidUnion, value: unknown): readonly Issue[] | undefined {
  if (!isRecord(value)) return undefined;
  const recognised = issue.errors.filter(
    (branch) => !branch.some((found) => found.path.length === 0 || found.code === 'unrecognized_keys'),
  );
  return recognised.length === 1 ? recognised[0] : undefined;
}

/** Converts schema issues into findings, one per problem, each with an action to take. */
export function documentFindings(
  issues: readonly Issue[],
  document: unknown,
  jsonSchema: Record<string, unknown>,
  lineOf: LineOf = () => undefined,
): Finding[] {
  const translator = new IssueTranslator(document, jsonSchema, lineOf);
  return issues.flatMap((issue) => translator.translate(issue, []));
}

/** Translates the schema issues of one document. */
class IssueTranslator {
  readonly #document: unknown;
  readonly #jsonSchema: Record<string, unknown>;
  readonly #lineOf: LineOf;

  constructor(document: unknown, jsonSchema: Record<string, unknown>, lineOf: LineOf) {
    this.#document = document;
    this.#jsonSchema = jsonSchema;
    this.#lineOf = lineOf;
  }

  /** Findings of an issue whose path begins at `prefix`. */
  translate(issue: Issue, prefix: Path): Finding[] {
    const path = [...prefix, ...issue.path];
    const value = valueAt(this.#document, path);
    const isSecret = value !== undefined && isSecretAt(this.#jsonSchema, path);
    const found = isSecret ? 'found another kind of value' : `found ${describeValue(value)}`;
    switch (issue.code) {
      case 'unrecognized_keys':
        return this.#unknownKeys(path, issue.keys, knownKeys(this.#jsonSchema, path));
      case 'invalid_union':
        return this.#ofUnion(issue, path, value);
      case 'invalid_value':
        return [
          this.#finding(path, value === undefined ? ABSENT : found, closestValue(value, issue.values.map(String))),
        ];
      case 'invalid_type':
        return value === undefined
          ? [this.#finding(path, ABSENT, `add it (${issue.expected})`)]
          : [this.#finding(path, found, `expected ${issue.expected}`)];
      case 'too_small':
        return [this.#finding(path, found, `expected ${bound('at least', 'more than', issue, issue.minimum)}`)];
      case 'too_big':
        return [this.#finding(path, found, `expected ${bound('at most', 'less than', issue, issue.maximum)}`)];
      default:
        return [this.#finding(path, found, issue.message)];
    }
  }

  #ofUnion(issue: z.core.$ZodIssueInvalidUnion, path: Path, value: unknown): Finding[] {
    const branch = meantBranch(issue, value);
    if (branch !== undefined) return branch.flatMap((inner) => this.translate(inner, path));
    const known = [...new Set(knownKeys(this.#jsonSchema, path))];
    const keys = isRecord(value) ? Object.keys(value) : [];
    const strange = keys.filter((key) => !known.includes(key));
    if (known.length > 0 && strange.length > 0) return this.#unknownKeys(path, strange, known);
    // A union with a message of its own explains itself better than a list of its keys would.
    const says = known.length === 0 || issue.message.startsWith('expected');
    const expected = says ? issue.message : `expected a column or one of ${known.join(', ')}`;
    return [this.#finding(path, `found ${describeValue(value)}`, expected)];
  }

  #unknownKeys(path: Path, keys: readonly string[], known: readonly string[]): Finding[] {
    const shown = keys.slice(0, MOST_KEYS).map((key) => this.#unknownKey(path, key, known));
    const more = keys.length - shown.length;
    return more === 0 ? shown : [...shown, this.#finding(path, `${more} more unknown keys`, 'remove them')];
  }

  #unknownKey(path: Path, key: string, known: readonly string[]): Finding {
    const guess = nearest(key, known);
    const [place, ...others] = new Set(placesOf(this.#jsonSchema, key));
    const elsewhere = place !== undefined && others.length === 0 ? `; ${key} belongs under ${place}` : '';
    const remedy =
      guess === undefined
        ? `remove it${elsewhere}; known here: ${known.join(', ')}`
        : `did you mean "${guess}"? Rename or remove it`;
    return this.#finding([...path, key], 'unknown key', remedy);
  }

  #finding(path: Path, finding: string, remedy: string): Finding {
    return { path: formatPath(path), finding, remedy, line: this.#lineOf(path) };
  }
}

/** Remedy for a value that is none of those allowed; it names the nearest, if one was meant. */
export function closestValue(value: unknown, allowed: readonly string[]): string {
  const guess = typeof value === 'string' ? nearest(value, allowed) : undefined;
  const expected = allowed.length === 1 ? `expected ${allowed.join('')}` : `expected one of ${allowed.join(', ')}`;
  return guess === undefined ? expected : `${expected}; did you mean "${guess}"?`;
}

/** Formats a limit: "at least 2 items", "less than 0.5". */
function bound(
  inclusive: string,
  exclusive: string,
  issue: { readonly inclusive?: boolean | undefined; readonly origin: string },
  limit: number | bigint,
): string {
  const unit =
    issue.origin === 'array' || issue.origin === 'set' ? ' items' : issue.origin === 'string' ? ' characters' : '';
  return `${issue.inclusive === false ? exclusive : inclusive} ${limit}${unit}`;
}
