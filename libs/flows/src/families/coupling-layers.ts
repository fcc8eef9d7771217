import type { Bijector } from '../bijector.ts';
import { ActNorm } from '../bijectors/act-norm.ts';
import { Coupling } from '../bijectors/coupling.ts';
import { LuLinear } from '../bijectors/lu-linear.ts';
import type { CouplingNetworks } from '../conditioners/coupling-networks.ts';
import type { MlpConfig } from '../conditioners/mlp.ts';
import { spreadUnits } from '../conditioners/spread-units.ts';
import type { PartitionScheme } from '../partition.ts';
import { partition } from '../partition.ts';
import { Random } from '../random.ts';
import type { Transformer } from '../transformers/transformer.ts';
import type { CouplingFamilyOptions } from './coupling-options.ts';

/**
 * Layers of ActNorm and LU map, each if enabled, and a coupling. By default one network per
 * coupling computes all its parameters.
 */
export function couplingLayers(
  options: CouplingFamilyOptions & { readonly partition: PartitionScheme | 'learned' },
  transformer: Transformer,
  networks: CouplingNetworks = { kind: 'shared', net: perceptronOf(options) },
): Bijector[] {
  const { features, context = 0, layers = 8, actNorm = true, inputClip = 5, partition: scheme, seed } = options;
  const random = new Random(seed);
  const weights = random.fork('weights');
  const isLearned = scheme === 'learned';
  const divided = partition(isLearned ? 'halves' : scheme, features, layers, random.fork('partition'));
  const bends = random.fork('bends');
  return divided.flatMap((conditioning): Bijector[] => {
    const coupling = new Coupling({ features, context, conditioning, inputClip, networks, transformer }, weights);
    if (options.spreadUnits === true) spreadUnits(coupling.variables, bends);
    return [
      ...(actNorm ? [new ActNorm({ type: 'actNorm', features, initialized: false })] : []),
      ...(isLearned ? [new LuLinear({ type: 'luLinear', features })] : []),
      coupling,
    ];
  });
}

/** Shape of each network, with defaults filled in. */
export function perceptronOf({
  hidden = [64, 64],
  activation = 'relu',
  residual = false,
}: CouplingFamilyOptions): MlpConfig {
  return { hidden, activation, residual };
}
