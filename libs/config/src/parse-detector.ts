import { FlowlineError } from '@flowline/events';
import { isNode, LineCounter, parseDocument } from 'yaml';

import { type DetectorDefinition, definitionSchema } from './detector-definition.ts';
import { detectorDocument, detectorJsonSchema } from './detector-document.ts';
import { documentFindings } from './document-findings.ts';
import { configInvalid, type Finding, formatPath, type Path, reporter } from './finding.ts';
import { resolveDetector } from './resolve-detector.ts';
import type { ReadText } from './resolve-lookups.ts';

const noFiles: ReadText = (relativePath) => {
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
  const { value, lineOf } = parseYaml(text, path);
  const checked = detectorDocument.safeParse(value);
  if (!checked.success) {
    const findings = documentFindings(checked.error.issues, value, detectorJsonSchema(), lineOf);
    throw configInvalid(path, path, findings, checked.error);
  }
  const findings: Finding[] = [];
  const report = reporter(findings, (at) => ({ path: formatPath(at), line: lineOf(at) }));
  const options = resolveDetector(checked.data, readText, report);
  if (findings.length > 0) throw configInvalid(path, path, findings);
  return definitionSchema.parse(options);
}

function parseYaml(text: string, path: string): { value: unknown; lineOf: (at: Path) => number | undefined } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const findings = document.errors.map((error): Finding => {
      const { line, col } = lines.linePos(error.pos[0]);
      return { path: `line ${line}, column ${col}`, finding: error.message, remedy: 'correct the YAML here' };
    });
    throw configInvalid(path, path, findings, document.errors[0]);
  }
  // An absent key has no line; its nearest present ancestor has one.
  const lineOf = (at: Path): number | undefined => {
    for (let length = at.length; length > 0; length--) {
      const node = document.getIn(at.slice(0, length), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return undefined;
  };
  return { value: document.toJS({ maxAliasCount: 100 }), lineOf };
}
