import { stringify } from 'yaml';

import type { ResourceKind, ResourceSpecs } from './document-kinds.ts';

const WIDTH = 100;

/** Text of a document as `flowline apply` takes it: YAML. */
export function documentText<Kind extends ResourceKind>(kind: Kind, name: string, spec: ResourceSpecs[Kind]): string {
  return stringify({ apiVersion: 'flowline/v1', kind, metadata: { name }, spec }, { lineWidth: WIDTH });
}
