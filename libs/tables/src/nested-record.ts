import { at } from '@flowline/events';

type Node = Record<string, unknown>;

/** Makes a record of the values of a row, by column. */
export type RecordMaker = (valueOf: (column: number) => unknown) => Readonly<Record<string, unknown>>;

/**
 * Creates a maker of records from values by column. A dotted column becomes a field within an
 * object, as in JSON; a column without a name is left out. Of a column that is an object in some
 * rows and a value in others, each row has its own.
 */
export function recordMaker(names: readonly string[]): RecordMaker {
  const columns = names.flatMap((name, column) => (name === '' ? [] : [{ column, path: name.split('.') }]));
  return (valueOf) => {
    const record = emptyNode();
    for (const { column, path } of columns) {
      const [name] = path;
      if (path.length === 1 && name !== undefined && !isNode(record[name])) record[name] = valueOf(column);
      else place(record, path, valueOf(column));
    }
    return record;
  };
}

function place(record: Node, path: readonly string[], value: unknown): void {
  const last = path.length - 1;
  let node = record;
  for (let i = 0; i < last; i++) {
    const part = at(path, i);
    const inner = node[part];
    if (!isNode(inner) && inner != null && value === null) return;
    node = isNode(inner) ? inner : (node[part] = emptyNode());
  }
  if (value !== null || !isNode(node[at(path, last)])) node[at(path, last)] = value;
}

/**
 * Objects that inherit nothing, as column names are arbitrary. Unlike one without a prototype, such
 * an object is not a hash table in V8, so that a record of a few fields is made and read faster.
 */
const nothing: object = Object.create(null) as object;
const emptyNode = (): Node => Object.create(nothing) as Node;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
