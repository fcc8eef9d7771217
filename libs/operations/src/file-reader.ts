import type { ModelBundle } from '@flowline/detector';
import { createRecordReader, EntityWindows, type ReadResult } from '@flowline/features';

/** Reads the records of a file, in file order, as features. */
export type FileReader = (records: readonly unknown[]) => ReadResult;

/**
 * Creates a reader for a model's features. If they look back, an entity's earlier events in the
 * file are its past.
 */
export function createFileReader({
  schema,
  lookups,
  entity,
}: Pick<ModelBundle, 'schema' | 'lookups' | 'entity'>): FileReader {
  const reader = createRecordReader(schema, lookups);
  if (entity === null) return (records) => reader.read(records);
  const windows = new EntityWindows({ schema, lookups, entity });
  return (records) => {
    const first = windows.nextOffset;
    const read = reader.read(records, windows.batch(Float64Array.from(records, (_, i) => first + i)));
    windows.advance(first + records.length);
    return read;
  };
}
