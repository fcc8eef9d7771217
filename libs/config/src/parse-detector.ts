import { at, FlowlineError } from '@flowline/events';

import { type DetectorDefinition, definitionSchema } from './detector-definition.ts';
import { detectorDocument, detectorJsonSchema } from './detector-document.ts';
import { documentFindings } from './document-findings.ts';
import { configInvalid, type Finding, formatPath, reporter } from './finding.ts';
import { resolveDetector } from './resolve-detector.ts';
import type { ReadText } from './resolve-lookups.ts';
import { type YamlDocument, yamlDocuments } from './yaml-documents.ts';

/** Reads no file: for a definition that has none of its own, to which paths could be relative. */
export const noFiles: ReadText = (relativePath) => {
  throw new FlowlineError(
    'FLOWLINE_FILE_UNREADABLE',
    `${relativePath}: a definition without a file of its own cannot name files`,
    {
      remedy: 'Load the detector from its file.',
    },
  );
};

/**
 * Parses a detector from YAML (or JSON) text: checks all of it, fills in every default and inlines
 * CSV lookups.
 * @param path the file's name in messages.
 * @param readText reads the files that the detector names.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID listing every finding; FLOWLINE_FILE_UNREADABLE.
 */
export function parseDetector(text: string, path: string, readText: ReadText = noFiles): DetectorDefinition {
  const documents = yamlDocuments(text, path);
  if (documents.length > 1) {
    const finding = { path: '(the file)', finding: `${documents.length} documents`, remedy: 'keep the detector alone' };
    throw configInvalid(path, path, [finding]);
  }
  const read = readDetector(at(documents, 0), readText);
  if (read.definition === null) throw configInvalid(path, path, read.findings);
  return read.definition;
}

/** A detector as it was read, or the findings about it. */
export type DetectorRead =
  { readonly definition: DetectorDefinition } | { readonly definition: null; readonly findings: readonly Finding[] };

/** Reads the document of a detector. @throws FlowlineError FLOWLINE_FILE_UNREADABLE. */
export function readDetector({ value, lineOf }: YamlDocument, readText: ReadText): DetectorRead {
  const checked = detectorDocument.safeParse(value);
  if (!checked.success) {
    const found = documentFindings(checked.error.issues, value, detectorJsonSchema(), lineOf);
    return { definition: null, findings: found };
  }
  const findings: Finding[] = [];
  const report = reporter(findings, (place) => ({ path: formatPath(place), line: lineOf(place) }));
  const options = resolveDetector(checked.data, readText, report);
  if (findings.length > 0) return { definition: null, findings };
  return { definition: definitionSchema.parse(options) };
}
