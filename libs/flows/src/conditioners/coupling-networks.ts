import type { ConfigReader } from '../config.ts';
import type { Random } from '../random.ts';
import type { ConvolutionConfig } from './coupling-convolution.ts';
import { CouplingConvolution, readConvolutionConfig } from './coupling-convolution.ts';
import type { CouplingNetwork, CouplingNetworkOptions } from './coupling-network.ts';
import type { PerceptronsConfig } from './coupling-perceptrons.ts';
import { CouplingPerceptrons, readPerceptronsConfig } from './coupling-perceptrons.ts';

/** Networks of a coupling: perceptrons for rows, a convolutional network for images. */
export type CouplingNetworks = PerceptronsConfig | ConvolutionConfig;

/** Reads {@link CouplingNetworks}. */
export function readCouplingNetworks(reader: ConfigReader): CouplingNetworks {
  return reader.oneOf('kind', ['shared', 'separate', 'convolutional']) === 'convolutional'
    ? readConvolutionConfig(reader)
    : readPerceptronsConfig(reader);
}

/**
 * Builds the networks of a coupling, with weights drawn from `random`. Throws
 * FLOWLINE_MODEL_INCOMPATIBLE if they do not fit.
 */
export function couplingNetwork(
  networks: CouplingNetworks,
  options: CouplingNetworkOptions,
  random: Random,
): CouplingNetwork {
  return networks.kind === 'convolutional'
    ? new CouplingConvolution(networks, options, random)
    : new CouplingPerceptrons(networks, options, random);
}
