import { compileName, type FeatureRecord } from '../expression.ts';
import { Fault } from '../fault.ts';

/**
 * Compiles a key to a function that returns the name of a record's entity: the text of the single
 * field, or a JSON list of the texts of several fields. Returns a fault if a field has no value, or
 * one that cannot be a name.
 */
export function compileEntityKey(fields: readonly string[]): (record: FeatureRecord) => string | Fault {
  const readers = fields.map((field) => ({ field, evaluate: compileName(field, {}) }));
  const [single] = readers;
  const read = ({ field, evaluate }: (typeof readers)[number], record: FeatureRecord): string | Fault =>
    evaluate(record) ?? new Fault('missing_field', field, `${field}, part of the entity's key, is absent or null.`);
  if (single !== undefined && readers.length === 1) return (record) => read(single, record);
  return (record) => {
    const names: string[] = [];
    for (const reader of readers) {
      const name = read(reader, record);
      if (name instanceof Fault) return name;
      names.push(name);
    }
    return JSON.stringify(names);
  };
}
