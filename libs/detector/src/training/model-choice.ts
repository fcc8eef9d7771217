import type { ModelBase } from './bases.ts';
import type { FamilyChoice, ModelFamily } from './families.ts';

/** Model of a detector as its definition has it. */
export interface DefinedModel {
  readonly family: ModelFamily | 'auto';
  /** Number of members, or the family of each. */
  readonly members: number | readonly ModelFamily[];
  readonly base: ModelBase;
}

/** Families, number and base of the members of an ensemble. */
export interface ModelChoice {
  readonly family: FamilyChoice;
  readonly members: number;
  readonly base: ModelBase;
}

/** Families and number of the members that a definition asks for. */
export const modelChoice = ({ family, members, base }: DefinedModel): ModelChoice =>
  typeof members === 'number' ? { family, members, base } : { family: members, members: members.length, base };
