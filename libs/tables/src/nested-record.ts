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
  const paths = names.map((name) => (name === '' ? null : name.split('.')));
  return (valueOf) => {
    const record = emptyNode();
    for (const [column, path] of paths.entries()) if (path !== null) place(record, path, valueOf(column));
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

/** An object without a prototype, as column names are arbitrary. */
const emptyNode = (): Node => Object.create(null) as Node;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
