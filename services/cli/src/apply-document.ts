import {
  type DetectorDefinition,
  type FlowlineDocument,
  type ResourceDocument,
  storedDefinition,
} from '@flowline/config';
import { type Applied, applyDetector, applyResource, type Database } from '@flowline/db';
import { changesForNextModel } from '@flowline/operations';

/** A document that was applied: its name, and the version in force. */
export type AppliedDocument =
  | (Applied & { readonly detector: string; readonly nextModel: readonly string[] })
  | (Applied & { readonly kind: string; readonly name: string });

/** Result of applying a document, with the lines that tell people of it. */
export interface ApplyResult {
  readonly applied: AppliedDocument;
  readonly lines: readonly string[];
}

/** Puts a document in force. Applying the same document again changes nothing. */
export async function applyDocument(db: Database, document: FlowlineDocument): Promise<ApplyResult> {
  return document.kind === 'Detector' ? applyDefinition(db, document.definition) : applyOther(db, document);
}

async function applyDefinition(db: Database, definition: DetectorDefinition): Promise<ApplyResult> {
  const done = await applyDetector(db, storedDefinition(definition));
  const nextModel = await changesForNextModel(db, definition);
  return {
    applied: { detector: definition.name, ...done, nextModel },
    lines: [said(definition.name, done), ...(nextModel.length === 0 ? [] : [takesEffectLater(definition, nextModel)])],
  };
}

async function applyOther(db: Database, { kind, name, spec }: ResourceDocument): Promise<ApplyResult> {
  const done = await applyResource(db, { kind, name, spec });
  return { applied: { kind, name, ...done }, lines: [said(`${kind.toLowerCase()} ${name}`, done)] };
}

const said = (subject: string, { version, changed }: Applied): string =>
  `${subject}: version ${version} ${changed ? 'is in force now' : 'is already in force; nothing changed'}`;

function takesEffectLater({ name, training }: DetectorDefinition, changes: readonly string[]): string {
  const when =
    training.schedule === null
      ? `train it with \`flowline train ${name}\``
      : `a running trainer trains it soon; \`flowline train ${name}\` trains it at once`;
  return `  ${changes.join(', ')}: takes effect with the next model; ${when}`;
}
