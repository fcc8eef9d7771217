import type { FlowlineDocument } from '@flowline/config';
import { type Database, resourcesInForce } from '@flowline/db';
import type { KnownNames } from '@flowline/rules';

import { definitionsInForce } from './definition-in-force.ts';

/** Names that the documents of a file may refer to: in the database, and in the file. */
export async function knownNames(db: Database, documents: readonly FlowlineDocument[]): Promise<KnownNames> {
  const stored = await definitionsInForce(db);
  const written = documents.flatMap((document) => (document.kind === 'Detector' ? [document.definition] : []));
  const calendars = [
    ...(await resourcesInForce(db, 'Calendar')).map(({ name }) => name),
    ...documents.flatMap(({ kind, name }) => (kind === 'Calendar' ? [name] : [])),
  ];
  const names = new Set(written.map(({ name }) => name));
  return { detectors: [...stored.filter(({ name }) => !names.has(name)), ...written], calendars };
}
