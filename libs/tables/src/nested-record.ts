type Node = Record<string, unknown>;

/**
 * Builds a record from values by column. A dotted column becomes a field within an object, as in
 * JSON.
 */
export function nestedRecord(
  names: readonly string[],
  valueOf: (column: number, name: string) => unknown,
): Readonly<Record<string, unknown>> {
  const record = emptyNode();
  for (const [column, name] of names.entries()) {
    const path = name.split('.');
    const last = path.pop() ?? name;
    let node = record;
    for (const part of path) {
      const inner = node[part];
      node = isNode(inner) ? inner : (node[part] = emptyNode());
    }
    node[last] = valueOf(column, name);
  }
  return record;
}

/** An object without a prototype, as column names are arbitrary. */
const emptyNode = (): Node => Object.create(null) as Node;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
