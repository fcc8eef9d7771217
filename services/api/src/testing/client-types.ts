import { openApi } from '../openapi.ts';
import type { Route } from '../route.ts';

type Json = Readonly<Record<string, unknown>>;

interface Operation {
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: Json;
  }[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, { readonly schema: Json }>>;
  };
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: Json }>> }>
  >;
}

/**
 * Types of requests and responses by route, as TypeScript: those by which the pages call the API.
 */
export function clientTypes(routes: readonly Route[]): string {
  const { paths } = openApi(routes) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  const entries = routes.map(({ method, path, bodyForm }) => {
    const operation = paths[path]?.[method.toLowerCase()];
    if (operation === undefined) throw new Error(`${method} ${path} is not described`);
    return `  '${method} ${path}': {
    readonly params: ${parameters(operation, 'path')};
    readonly query: ${parameters(operation, 'query')};
    readonly body: ${bodyForm === 'document' ? 'string' : bodyOf(operation)};
    readonly reply: ${replyOf(operation)};
  };`;
  });
  return `// Written by \`npm run reference\` from the table of routes of services/api.

/** Requests and responses of the API, by route. */
export interface Api {
${entries.join('\n')}
}
`;
}

function parameters({ parameters: all }: Operation, place: string): string {
  const own = all.filter((parameter) => parameter.in === place);
  if (own.length === 0) return 'undefined';
  const fields = own.map(
    ({ name, required, schema }) => `readonly ${quoted(name)}${required ? '' : '?'}: ${typeOf(schema)}`,
  );
  return `{ ${fields.join('; ')} }`;
}

function bodyOf({ requestBody }: Operation): string {
  if (requestBody === undefined) return 'undefined';
  const type = typeOf(Object.values(requestBody.content)[0]?.schema ?? {});
  return requestBody.required ? type : `${type} | undefined`;
}

function replyOf({ responses }: Operation): string {
  const types = Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .map(([, { content }]) => {
      const json = content['application/json'];
      return json === undefined ? 'string' : typeOf(json.schema);
    });
  return [...new Set(types)].join(' | ');
}

/** TypeScript type of a JSON Schema, as far as those of the routes go. */
function typeOf(schema: Json): string {
  const {
    type,
    anyOf,
    oneOf,
    enum: values,
    const: value,
  } = schema as {
    readonly type?: string | readonly string[];
    readonly anyOf?: readonly Json[];
    readonly oneOf?: readonly Json[];
    readonly enum?: readonly unknown[];
    readonly const?: unknown;
  };
  if (value !== undefined) return literal(value);
  if (values !== undefined) return values.map(literal).join(' | ');
  const choices = anyOf ?? oneOf;
  if (choices !== undefined) return [...new Set(choices.map(typeOf))].join(' | ');
  if (Array.isArray(type)) return type.map((one: string) => typeOf({ ...schema, type: one })).join(' | ');
  switch (type) {
    case 'integer':
    case 'number':
      return 'number';
    case 'string':
    case 'boolean':
    case 'null':
      return type;
    case 'array':
      return `readonly (${typeOf((schema.items ?? {}) as Json)})[]`;
    case 'object':
      return objectOf(schema);
    default:
      return 'unknown';
  }
}

function objectOf({ properties = {}, required = [], additionalProperties }: Json): string {
  const own = Object.entries(properties as Readonly<Record<string, Json>>).map(
    ([name, schema]) =>
      `readonly ${quoted(name)}${(required as readonly string[]).includes(name) ? '' : '?'}: ${typeOf(schema)}`,
  );
  if (own.length > 0) return `{ ${own.join('; ')} }`;
  const value =
    typeof additionalProperties === 'object' && additionalProperties !== null
      ? typeOf(additionalProperties as Json)
      : 'unknown';
  return `Readonly<Record<string, ${value}>>`;
}

const quoted = (name: string): string => (/^[A-Za-z]\w*$/.test(name) ? name : `'${name}'`);

const literal = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : JSON.stringify(value));
