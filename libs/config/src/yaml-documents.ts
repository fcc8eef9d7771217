import { messageOf } from '@flowline/events';
import { Composer, type CST, type Document, isMap, isNode, isScalar, Lexer, LineCounter, Parser, visit } from 'yaml';

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
  // The library compares each key of a mapping with all others: a long mapping would take minutes.
  const composer = new Composer({ lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const documents: readonly Document.Parsed[] = [...composer.compose(syntaxOf(text, lines, where))];
  const errors = documents.flatMap((document) => document.errors);
  const faults = errors.length > 0 ? errors.map(({ pos, message }) => ({ at: pos[0], message })) : faultsOf(documents);
  if (faults.length > 0) {
    const findings = faults.map(({ at, message }): Finding => {
      const { line, col } = lines.linePos(at);
      return { path: `line ${line}, column ${col}`, finding: message, remedy: 'correct the YAML here' };
    });
    throw configInvalid(where, where, findings, errors[0]);
  }
  if (documents.length === 0) return [{ value: null, lineOf: () => undefined }];
  return documents.map((document) => ({
    value: valueOf(document, where),
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

/** Maximum nesting: the library composes nodes by recursion; a full stack can end the process. */
const MOST_NESTED = 100;

/**
 * Syntax of a text, not composed yet.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID for one that is nested too deeply, where it is.
 */
function syntaxOf(text: string, lines: LineCounter, where: string): CST.Token[] {
  const parser = new Parser((offset) => lines.addNewLine(offset));
  const tokens: CST.Token[] = [];
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > MOST_NESTED) {
      const { line, col } = lines.linePos(parser.offset);
      const finding = `nested more than ${MOST_NESTED} levels deep`;
      throw configInvalid(where, where, [
        { path: `line ${line}, column ${col}`, finding, remedy: 'write it with fewer levels' },
      ]);
    }
  }
  tokens.push(...parser.end());
  return tokens;
}

/** The value of a document. @throws FLOWLINE_CONFIG_INVALID if its aliases stand for too much. */
function valueOf(document: Document.Parsed, where: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    const finding = { path: '(the document)', finding: messageOf(cause), remedy: 'write out what aliases stand for' };
    throw configInvalid(where, where, [finding], cause);
  }
}

interface Fault {
  readonly at: number;
  readonly message: string;
}

/** Keys that occur twice in one mapping. */
function faultsOf(documents: readonly Document.Parsed[]): Fault[] {
  const faults: Fault[] = [];
  for (const document of documents) {
    visit(document, (_key, node) => {
      if (!isMap(node)) return;
      const keys = new Set<unknown>();
      for (const { key } of node.items) {
        if (!isScalar(key)) continue;
        if (keys.has(key.value)) faults.push({ at: key.range?.[0] ?? 0, message: 'Map keys must be unique' });
        keys.add(key.value);
      }
    });
  }
  return faults;
}
