import {
  detectorDocumentOf,
  type DocumentKind,
  readDefinition,
  readResource,
  resourceDocumentOf,
  type ResourceKind,
  type WriteForm,
  type WrittenDocument,
} from '@flowline/config';
import { type Database, getResource, listDetectors, resourcesInForce } from '@flowline/db';

import { definitionInForce } from './definition-in-force.ts';

/** Kinds of resources, in the order in which they are exported: others may refer to them. */
const resourceKinds: readonly ResourceKind[] = ['Sink', 'Calendar', 'Rule'];

/**
 * Writes what is in force under a name, as a document that `flowline apply` takes.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING, FLOWLINE_RESOURCE_MISSING.
 */
export async function documentInForce(
  db: Database,
  kind: DocumentKind,
  name: string,
  form: WriteForm,
): Promise<WrittenDocument> {
  if (kind === 'Detector') return detectorDocumentOf(await definitionInForce(db, name), form);
  return resourceDocumentOf(kind, name, readResource(kind, name, (await getResource(db, { kind, name })).spec));
}

/** Writes everything that is in force, by kind and name. */
export async function documentsInForce(db: Database, form: WriteForm): Promise<WrittenDocument[]> {
  const documents: WrittenDocument[] = [];
  for (const kind of resourceKinds) {
    for (const { name, spec } of await resourcesInForce(db, kind)) {
      documents.push(resourceDocumentOf(kind, name, readResource(kind, name, spec)));
    }
  }
  for (const { name, version, definition } of await listDetectors(db)) {
    documents.push(detectorDocumentOf(readDefinition(definition, `${name}, version ${version}`), form));
  }
  return documents;
}
