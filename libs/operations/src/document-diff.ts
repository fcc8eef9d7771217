import {
  type Change,
  detectorDocumentOf,
  documentChanges,
  type FlowlineDocument,
  resourceDocumentOf,
  type WrittenDocument,
} from '@flowline/config';
import type { Database } from '@flowline/db';
import { FlowlineError } from '@flowline/events';

import { changesForNextModel } from './changes-for-next-model.ts';
import { documentInForce } from './written-documents.ts';

/** Differences between a document and what is in force under its name. */
export interface DocumentDiff {
  readonly kind: string;
  readonly name: string;
  /** True if nothing is in force under this name. */
  readonly isNew: boolean;
  /** Keys that would change. */
  readonly changes: readonly Change[];
  /** Parts of a detector that its newest model does not know; they wait for the next one. */
  readonly nextModel: readonly string[];
}

const EVERY_OPTION = { defaults: true };

/** Compares a document with what is in force, with every default filled in on both sides. */
export async function diffDocument(db: Database, document: FlowlineDocument): Promise<DocumentDiff> {
  const { kind, name } = document;
  const before = await inForceOrNull(db, document);
  const changes = documentChanges(before?.spec, asWritten(document).spec);
  const labels = documentChanges(before?.metadata.labels, asWritten(document).metadata.labels);
  const nextModel = document.kind === 'Detector' ? await changesForNextModel(db, document.definition) : [];
  return {
    ...{ kind, name, isNew: before === null, nextModel },
    changes: [...under('metadata.labels', labels), ...under('spec', changes)],
  };
}

/** Changes of a part of a document, by their paths within the document. */
const under = (part: string, changes: readonly Change[]): Change[] =>
  changes.map((change) => ({ ...change, path: change.path === '(the document)' ? part : `${part}.${change.path}` }));

function asWritten(document: FlowlineDocument): WrittenDocument {
  if (document.kind === 'Detector') return detectorDocumentOf(document.definition, EVERY_OPTION);
  return resourceDocumentOf(document.kind, document.name, document.spec);
}

async function inForceOrNull(db: Database, { kind, name }: FlowlineDocument): Promise<WrittenDocument | null> {
  try {
    return await documentInForce(db, kind, name, EVERY_OPTION);
  } catch (error) {
    if (error instanceof FlowlineError && MISSING.has(error.code)) return null;
    throw error;
  }
}

const MISSING: ReadonlySet<string> = new Set(['FLOWLINE_DETECTOR_MISSING', 'FLOWLINE_RESOURCE_MISSING']);
