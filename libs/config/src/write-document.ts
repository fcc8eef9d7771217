import { printable, printableJson } from '@flowline/events';
import { Document, Scalar, visit } from 'yaml';

import type { DetectorDefinition } from './detector-definition.ts';
import type { ResourceKind, ResourceSpecs } from './document-kinds.ts';
import { writtenDetector } from './write-detector.ts';
import type { WriteForm } from './write-options.ts';

/** Document as people write it: `flowline apply` of it puts the same in force. */
export interface WrittenDocument {
  readonly apiVersion: 'flowline/v1';
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: unknown;
}

/** Document of a detector. */
export function detectorDocumentOf(definition: DetectorDefinition, form: WriteForm): WrittenDocument {
  const { name, labels } = definition;
  const metadata = Object.keys(labels).length === 0 ? { name } : { name, labels };
  return { apiVersion: 'flowline/v1', kind: 'Detector', metadata, spec: writtenDetector(definition, form) };
}

/** Document of a rule, a calendar or a sink. */
export function resourceDocumentOf<Kind extends ResourceKind>(
  kind: Kind,
  name: string,
  spec: ResourceSpecs[Kind],
): WrittenDocument {
  return { apiVersion: 'flowline/v1', kind, metadata: { name }, spec };
}

/**
 * Text of documents in YAML, one after another. It is safe to show: characters that a terminal acts
 * on are escaped, within quotes.
 */
export function yamlOf(documents: readonly WrittenDocument[]): string {
  return documents.map(oneDocument).join('---\n');
}

function oneDocument(value: WrittenDocument): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_key, node) => {
      const isText = typeof node.value === 'string';
      if (isText && hasObeyed(node.value as string)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return printableJson(document.toString({ lineWidth: 0, flowCollectionPadding: true }));
}

/** True for text with a character, other than a line feed, that a terminal acts on. */
const hasObeyed = (text: string): boolean => {
  const line = text.replaceAll('\n', '');
  return printable(line, Infinity) !== line;
};
