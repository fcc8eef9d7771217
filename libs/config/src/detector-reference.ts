import { DURATION_PATTERN } from '@flowline/events';

import { RATE_PATTERN } from './detector-document.ts';
import { isRecord } from './document-findings.ts';

/** One option of a detector file, as a row of the reference page. All cells are Markdown. */
export interface OptionRow {
  /** Path below its section: `kafka.topic`. */
  readonly option: string;
  readonly values: string;
  /** Default, `required`, or empty if the option may be absent without a default. */
  readonly default: string;
  readonly meaning: string;
}

/**
 * Options that a JSON Schema of a detector file defines, by section (`metadata`, `spec.source`, …),
 * in the order of the schema.
 */
export function optionRows(schema: Record<string, unknown>): ReadonlyMap<string, readonly OptionRow[]> {
  const top = propertiesOf(schema);
  const spec = propertiesOf(top.spec);
  const sections = { metadata: top.metadata, ...prefixed('spec.', spec) };
  return new Map(Object.entries(sections).map(([name, section]) => [name, rowsOf(section, '')]));
}

/** The reference page's table of every section, in Markdown. */
export function detectorReference(schema: Record<string, unknown>): string {
  const table = (rows: readonly OptionRow[]): string =>
    [
      '| option | values | default | meaning |',
      '| --- | --- | --- | --- |',
      ...rows.map((row) => `| ${row.option} | ${row.values} | ${row.default} | ${row.meaning} |`),
    ].join('\n');
  return [...optionRows(schema)].map(([section, rows]) => `## \`${section}\`\n\n${table(rows)}\n`).join('\n');
}

function rowsOf(section: unknown, path: string): OptionRow[] {
  const element = isRecord(section) ? (section.items ?? section.additionalProperties) : undefined;
  if (isRecord(element) && isRecord(element.properties)) return rowsOf(element, path);
  const required = isRecord(section) && Array.isArray(section.required) ? section.required : [];
  return Object.entries(propertiesOf(section)).flatMap(([name, option]) => {
    const own = path === '' ? name : `${path}.${name}`;
    if (isRecord(option) && isRecord(option.properties)) return rowsOf(option, own);
    return [rowOf(own, option, required.includes(name))];
  });
}

function rowOf(path: string, option: unknown, isRequired: boolean): OptionRow {
  const { default: fallback, description } = isRecord(option) ? option : {};
  const written = typeof fallback === 'string' ? fallback : JSON.stringify(fallback);
  return {
    option: `\`${path}\``,
    values: valuesOf(option),
    default: isRequired ? 'required' : fallback === undefined ? '' : `\`${written}\``,
    meaning: typeof description === 'string' ? description : '',
  };
}

/** Values that an option takes, in words. */
function valuesOf(option: unknown): string {
  if (!isRecord(option)) return '';
  if (Array.isArray(option.anyOf)) return option.anyOf.map(valuesOf).join(' or ');
  if (Array.isArray(option.enum)) return option.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (typeof option.const === 'string') return `\`${option.const}\``;
  if (option.$ref !== undefined) return '[expression](features.md)';
  if (Array.isArray(option.type)) return option.type.map((type: unknown) => valuesOf({ type })).join(' or ');
  if (option.type === 'null') return 'null';
  if (option.type === 'boolean') return '`true`, `false`';
  if (option.type === 'string') return patterns[String(option.pattern)] ?? 'text';
  if (option.type === 'array') return `list of ${valuesOf(option.items)}${rangeOf(option.minItems, option.maxItems)}`;
  if (option.type === 'object') return keysOf(option);
  const kind = option.type === 'integer' ? 'whole number' : 'number';
  return `${kind}${rangeOf(option.minimum, option.maximum)}${limitOf(option)}`;
}

const patterns: Readonly<Record<string, string>> = {
  [DURATION_PATTERN.source]: 'duration',
  [RATE_PATTERN.source]: 'rate',
};

function keysOf(option: Record<string, unknown>): string {
  const keys = Object.keys(propertiesOf(option));
  if (keys.length > 0) return `\`{ ${keys.join(', ')} }\``;
  const values = valuesOf(option.additionalProperties);
  return values === 'text' ? 'names and texts' : `by name: ${values}`;
}

function rangeOf(least: unknown, most: unknown): string {
  if (typeof least === 'number' && typeof most === 'number') return `, ${format(least)} to ${format(most)}`;
  return typeof least === 'number' ? `, at least ${format(least)}` : '';
}

function limitOf({ exclusiveMinimum: above, exclusiveMaximum: below }: Record<string, unknown>): string {
  const limits = [
    typeof above === 'number' ? `above ${format(above)}` : '',
    typeof below === 'number' ? `below ${format(below)}` : '',
  ].filter((limit) => limit !== '');
  return limits.length === 0 ? '' : `, ${limits.join(' and ')}`;
}

const format = (value: number): string => value.toLocaleString('en');

const propertiesOf = (schema: unknown): Record<string, unknown> =>
  isRecord(schema) && isRecord(schema.properties) ? schema.properties : {};

const prefixed = (prefix: string, sections: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(sections).map(([name, section]) => [`${prefix}${name}`, section]));
