import { FlowlineError } from '@flowline/events';

import type { DetectorDefinition } from './detector-definition.ts';
import { closestValue, describeValue, documentFindings, isRecord } from './document-findings.ts';
import {
  type DocumentKind,
  documentJsonSchema,
  documentKinds,
  isResourceKind,
  resourceDocument,
  type ResourceKind,
  resourceKinds,
  type ResourceSpecs,
} from './document-kinds.ts';
import { configInvalid, type Finding, formatPath, type Path, type Report, reporter } from './finding.ts';
import { noFiles, readDetector } from './parse-detector.ts';
import type { ReadText } from './resolve-lookups.ts';
import { type YamlDocument, yamlDocuments } from './yaml-documents.ts';

/** Document of a resource. */
export interface ResourceDocument<Kind extends ResourceKind = ResourceKind> {
  readonly kind: Kind;
  readonly name: string;
  readonly spec: ResourceSpecs[Kind];
  /** Error of this document for findings of a later check, with their lines. */
  readonly invalid: (check: (report: Report) => void) => FlowlineError | null;
}

/** Document of a file, by its kind. */
export type FlowlineDocument =
  | { readonly kind: 'Detector'; readonly name: string; readonly definition: DetectorDefinition }
  | { readonly [Kind in ResourceKind]: ResourceDocument<Kind> }[ResourceKind];

/**
 * Parses the documents of a YAML (or JSON) text, of any kind: checks all of them, fills in every
 * default and inlines the files that they name.
 * @param where the file's name in messages.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID listing every finding; FLOWLINE_FILE_UNREADABLE.
 */
export function parseDocuments(text: string, where: string, readText: ReadText = noFiles): FlowlineDocument[] {
  const findings: Finding[] = [];
  const documents: FlowlineDocument[] = [];
  for (const document of yamlDocuments(text, where)) {
    const read = readDocument(document, where, readText);
    if (read.document === null) findings.push(...read.findings);
    else documents.push(read.document);
  }
  findings.push(...repeatedNames(documents));
  if (findings.length > 0) throw configInvalid(where, where, findings);
  return documents;
}

/**
 * Reads the stored spec of a resource.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID if a later release wrote it, or it is damaged.
 */
export function readResource<Kind extends ResourceKind>(kind: Kind, name: string, json: unknown): ResourceSpecs[Kind] {
  const checked = resourceKinds[kind].spec.safeParse(json);
  if (checked.success) return checked.data;
  const findings = checked.error.issues.map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`);
  const message = `The stored ${kind.toLowerCase()} ${name} cannot be read: ${findings.join('; ')}`;
  throw new FlowlineError('FLOWLINE_CONFIG_INVALID', message, {
    where: `${kind} ${name}`,
    remedy: 'Run the release that applied it, or apply its file again with `flowline apply <file>`.',
    cause: checked.error,
  });
}

type DocumentRead =
  { readonly document: FlowlineDocument } | { readonly document: null; readonly findings: readonly Finding[] };

function readDocument(document: YamlDocument, where: string, readText: ReadText): DocumentRead {
  const kind = kindOf(document);
  if (typeof kind !== 'string') return { document: null, findings: [kind] };
  if (isResourceKind(kind)) return readResourceDocument(kind, document, where, readText);
  const read = readDetector(document, readText);
  if (read.definition === null) return { document: null, findings: read.findings };
  return { document: { kind: 'Detector', name: read.definition.name, definition: read.definition } };
}

/** Kind of a document, or the finding that it is of none. */
function kindOf({ value, lineOf }: YamlDocument): DocumentKind | Finding {
  if (!isRecord(value)) {
    return { path: formatPath([]), finding: `found ${describeValue(value)}`, remedy: 'expected object' };
  }
  const found = documentKinds.find((kind) => kind === value.kind);
  if (found !== undefined) return found;
  const finding = value.kind === undefined ? 'required, but absent' : `found ${describeValue(value.kind)}`;
  return { path: 'kind', line: lineOf(['kind']), finding, remedy: closestValue(value.kind, documentKinds) };
}

function readResourceDocument(
  kind: ResourceKind,
  { value, lineOf }: YamlDocument,
  where: string,
  readText: ReadText,
): DocumentRead {
  const checked = resourceDocument(kind).safeParse(value);
  if (!checked.success) {
    return {
      document: null,
      findings: documentFindings(checked.error.issues, value, documentJsonSchema(kind), lineOf),
    };
  }
  const { metadata, spec: written } = checked.data;
  const place = (at: Path) => ({ path: formatPath(at), line: lineOf(at) });
  const findings: Finding[] = [];
  const { resolve } = resourceKinds[kind];
  // The spec is of its kind: the schema of the kind has just checked it.
  const spec = resolve === undefined ? written : resolve(written as never, readText, reporter(findings, place));
  if (findings.length > 0) return { document: null, findings };
  const document: ResourceDocument = {
    ...{ kind, name: metadata.name, spec },
    invalid: (check) => {
      const later: Finding[] = [];
      check(reporter(later, place));
      return later.length === 0 ? null : configInvalid(where, where, later);
    },
  };
  return { document: document as FlowlineDocument };
}

/** Findings for names that two documents of one kind share. */
function repeatedNames(documents: readonly FlowlineDocument[]): Finding[] {
  const names = documents.map(({ kind, name }) => `${kind} ${name}`);
  const repeated = new Set(names.filter((name, i) => names.indexOf(name) !== i));
  return [...repeated].map((name) => ({
    path: '(the file)',
    finding: `${name} occurs more than once`,
    remedy: 'give each document a name of its own',
  }));
}
