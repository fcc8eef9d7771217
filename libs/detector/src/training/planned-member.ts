import type { ColumnTable, FeatureEncoding } from '@flowline/features';

import type { HistoryParts } from '../bundle/bundle.ts';
import { flowBase, NORMAL } from './bases.ts';
import { type Architecture, architectureOf, type FamilyChoice, isFitted } from './families.ts';
import type { MembersContext } from './train-runs.ts';
import type { DetectorTrainingSpec } from './training-spec.ts';

/** Member that is to be trained. */
export interface PlannedMember<Of extends Architecture = Architecture> {
  /** Place in the ensemble, from 0. */
  readonly member: number;
  readonly seed: number;
  readonly architecture: Of;
}

/** Rows and surroundings of the training of an ensemble. */
export interface EnsembleParts extends MembersContext {
  readonly encoding: FeatureEncoding;
  readonly tables: HistoryParts<ColumnTable>;
}

/** Members of named families. */
export interface NamedMembers extends Pick<DetectorTrainingSpec, 'base' | 'members'> {
  readonly family: Exclude<FamilyChoice, 'auto'>;
}

/** Architecture of each member: all of one family, or each of its own. */
export function memberArchitectures({ family, members, base = 'normal' }: NamedMembers): readonly Architecture[] {
  const families = typeof family === 'string' ? Array.from({ length: members }, () => family) : family;
  return families.map((each) => architectureOf(each, isFitted(each) ? NORMAL : flowBase(base)));
}
