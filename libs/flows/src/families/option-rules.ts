import { activations } from '../conditioners/activation.ts';
import type { OptionRules } from '../options/check-options.ts';
import {
  above0,
  boolean,
  distribution,
  finiteNumber,
  listOf,
  oneOf,
  orNull,
  required,
  whole,
} from '../options/rules.ts';
import { partitionSchemes } from '../partition.ts';
import type { AutoregressiveFamilyOptions } from './autoregressive-layers.ts';
import type { CouplingFamilyOptions } from './coupling-options.ts';
import type { FamilyOptions } from './family.ts';

/** Widths of hidden layers. */
export const widths = listOf('whole numbers of at least 1', whole(1));

/** Rules of the options common to all families. */
export const familyRules: OptionRules<FamilyOptions> = {
  features: required(whole(1)),
  context: whole(0),
  presence: listOf('context columns or null', orNull(whole(0))),
  base: distribution,
  seed: required(finiteNumber),
};

const networkRules = {
  layers: whole(0),
  hidden: widths,
  activation: oneOf(...activations),
  residual: boolean,
  spreadUnits: boolean,
  inputClip: orNull(above0),
  actNorm: boolean,
};

/** Rules of the options common to the coupling families. */
export const couplingRules: OptionRules<CouplingFamilyOptions> = {
  ...familyRules,
  ...networkRules,
  partition: oneOf(...partitionSchemes, 'learned'),
};

/** Rules of the options common to the autoregressive families. */
export const autoregressiveRules: OptionRules<AutoregressiveFamilyOptions> = {
  ...familyRules,
  ...networkRules,
  order: oneOf('alternating', 'random'),
  mixing: boolean,
};
