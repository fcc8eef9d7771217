import { type Document, isNode, LineCounter, parseAllDocuments } from 'yaml';

import type { LineOf } from './document-findings.ts';
import { configInvalid, type Finding, type Path } from './finding.ts';

/** One document of a YAML text: its value, and the lines of its parts. */
export interface YamlDocument {
  readonly value: unknown;
  readonly lineOf: LineOf;
}

/**
 * Reads the documents of a YAML (or JSON) text.
 * @param where the file's name in messages.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID listing every error of the syntax.
 */
export function yamlDocuments(text: string, where: string): YamlDocument[] {
  const lines = new LineCounter();
  const documents: readonly Document.Parsed[] = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  const errors = documents.flatMap((document) => document.errors);
  if (errors.length > 0) {
    const findings = errors.map((error): Finding => {
      const { line, col } = lines.linePos(error.pos[0]);
      return { path: `line ${line}, column ${col}`, finding: error.message, remedy: 'correct the YAML here' };
    });
    throw configInvalid(where, where, findings, errors[0]);
  }
  if (documents.length === 0) return [{ value: null, lineOf: () => undefined }];
  return documents.map((document) => ({
    value: document.toJS({ maxAliasCount: 100 }) as unknown,
    // An absent key has no line; its nearest present ancestor has one.
    lineOf: (at: Path) => {
      for (let length = at.length; length > 0; length--) {
        const node = document.getIn(at.slice(0, length), true);
        if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
      }
      return undefined;
    },
  }));
}
