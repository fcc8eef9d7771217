import type { DataName } from './data.ts';
import type { FamilyName } from './models.ts';

/**
 * Recorded test NLL of PyTorch 2.5.1 on one CPU thread with the same steps, in nats (bits per
 * dimension for digits8x8, gap to the true density for toys): the better of zuko and nflows. Runs
 * without --peers are printed beside it.
 */
export const recorded: Readonly<Record<DataName, Readonly<Partial<Record<FamilyName, number>>>>> = {
  power_2007h1: { realNVP: -0.736, maf: -0.573 },
  magic10: { realNVP: 4.772, maf: 4.877 },
  digits8x8: { realNVP: 2.264, maf: 2.239 },
  toy_two_moons: { realNVP: 0.02, maf: 0.021 },
  toy_eight_gaussians: { realNVP: 0.12, maf: 0.13 },
  toy_checkerboard: { realNVP: 0.176, maf: 0.169 },
  toy_banana: { realNVP: 0.002 },
  toy_two_spirals: { realNVP: 6.85, maf: 0.365 },
};
