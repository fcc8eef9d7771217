import { type FlowlineDocument, readDefinition, type Report } from '@flowline/config';
import { type Database, listDetectors, resourcesInForce } from '@flowline/db';
import { checkCalendar, checkRule, type KnownNames } from '@flowline/rules';

/** Names that the documents of a file may refer to: in the database, and in the file. */
export async function knownNames(db: Database, documents: readonly FlowlineDocument[]): Promise<KnownNames> {
  const stored = (await listDetectors(db)).map(({ name, version, definition }) =>
    readDefinition(definition, `${name}, version ${version}`),
  );
  const written = documents.flatMap((document) => (document.kind === 'Detector' ? [document.definition] : []));
  const calendars = [
    ...(await resourcesInForce(db, 'Calendar')).map(({ name }) => name),
    ...documents.flatMap(({ kind, name }) => (kind === 'Calendar' ? [name] : [])),
  ];
  const names = new Set(written.map(({ name }) => name));
  return { detectors: [...stored.filter(({ name }) => !names.has(name)), ...written], calendars };
}

/**
 * Checks conditions and calendars.
 * @param known null if it is not known what they may refer to.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID, for the first document with findings.
 */
export function checkDocuments(documents: readonly FlowlineDocument[], known: KnownNames | null): void {
  for (const document of documents) {
    if (document.kind === 'Detector') continue;
    const check = (report: Report): void => {
      if (document.kind === 'Rule') checkRule(document.name, document.spec, known, report);
      if (document.kind === 'Calendar') checkCalendar(document.spec, known, report);
    };
    const error = document.invalid(check);
    if (error !== null) throw error;
  }
}
