import { z } from 'zod';

import { type CalendarSpec, calendarSpecSchema, resolveCalendar } from './calendar-document.ts';
import { nameSchema } from './detector-definition.ts';
import { detectorJsonSchema } from './detector-document.ts';
import type { Report } from './finding.ts';
import type { ReadText } from './resolve-lookups.ts';
import { type RuleSpec, ruleSpecSchema } from './rule-document.ts';
import { sinkNameSchema, type SinkSpec, sinkSpecSchema } from './sink-document.ts';

/** Specs of the kinds of documents other than detectors. */
export interface ResourceSpecs {
  readonly Rule: RuleSpec;
  readonly Calendar: CalendarSpec;
  readonly Sink: SinkSpec;
}

/** Kind of a document that is stored as it is written: a resource. */
export type ResourceKind = keyof ResourceSpecs;

interface Kind<Spec> {
  readonly spec: z.ZodType<Spec>;
  /** Checks between the parts of a spec, and what is stored of it. */
  readonly resolve?: (spec: Spec, readText: ReadText, report: Report) => Spec;
}

/** The kinds of resources. */
export const resourceKinds: { readonly [Name in ResourceKind]: Kind<ResourceSpecs[Name]> } = {
  Rule: { spec: ruleSpecSchema },
  Calendar: { spec: calendarSpecSchema, resolve: resolveCalendar },
  Sink: { spec: sinkSpecSchema },
};

/** Kinds of documents that `flowline apply` takes. */
export const documentKinds = ['Detector', 'Rule', 'Calendar', 'Sink'] as const;
export type DocumentKind = (typeof documentKinds)[number];

/** True for a kind of resource. */
export const isResourceKind = (kind: string): kind is ResourceKind => Object.hasOwn(resourceKinds, kind);

/** Schema of the document of a resource, as people write it. */
export function resourceDocument<Name extends ResourceKind>(kind: Name) {
  const spec: z.ZodType<ResourceSpecs[Name]> = resourceKinds[kind].spec;
  return z.strictObject({
    apiVersion: z.literal('flowline/v1').describe('Version of this format.'),
    kind: z.literal(kind).describe('Kind of document.'),
    metadata: z.strictObject({ name: kind === 'Sink' ? sinkNameSchema : nameSchema }),
    spec,
  });
}

/** JSON Schema (draft 2020-12) of a document, generated from the schema that checks it. */
export function documentJsonSchema(kind: DocumentKind): Record<string, unknown> {
  if (!isResourceKind(kind)) return detectorJsonSchema();
  const schema = z.toJSONSchema(resourceDocument(kind), { io: 'input' });
  return { ...schema, title: `Flowline ${kind.toLowerCase()}` };
}
