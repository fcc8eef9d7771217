import { at } from '@flowline/events';
import type { Distribution } from '@flowline/flows';

/** One mode of a base distribution: a centre and a scale per coordinate. */
interface Mode {
  readonly logWeight: number;
  readonly centre: ArrayLike<number>;
  readonly logScale: ArrayLike<number>;
}

/** Modes of a base distribution: one, or the components of a mixture. */
export function modesOf({ config, variables }: Distribution): readonly Mode[] {
  const { features } = config;
  const read = (name: string): Float32Array | undefined => variables.get(name)?.read();
  const logits = read('logits') ?? new Float32Array(1);
  const zeros = new Float32Array(features);
  const [centres, scales] = [
    read('means') ?? read('location') ?? zeros,
    read('logScales') ?? read('logScale') ?? zeros,
  ];
  return Array.from(logits, (logWeight, k) => ({
    logWeight,
    centre: centres.subarray(k * features, (k + 1) * features),
    logScale: scales.subarray(k * features, (k + 1) * features),
  }));
}

/**
 * Nearest typical latent: z is shrunk towards the centre of its mode, to so many scales of it. Its
 * mode is the component with the largest responsibility. Coordinates of missing features, which are
 * 0, stay 0. Null if z is within that radius already, or not finite.
 */
export function typicalLatent(modes: readonly Mode[], z: Float32Array, radius: number): Float32Array | null {
  if (!z.every(Number.isFinite)) return null;
  const mode = modes.reduce((best, each) => (logShare(each, z) > logShare(best, z) ? each : best));
  const y = away(mode, z);
  const length = Math.hypot(...y);
  if (!(length > radius) || !Number.isFinite(length)) return null;
  return z.map((value, i) =>
    value === 0 ? 0 : at(mode.centre, i) + Math.exp(at(mode.logScale, i)) * ((at(y, i) * radius) / length),
  );
}

/** Distances from the centre in scales; 0 where the feature is missing. */
const away = ({ centre, logScale }: Mode, z: Float32Array): readonly number[] =>
  Array.from(z, (value, i) => (value === 0 ? 0 : (value - at(centre, i)) / Math.exp(at(logScale, i))));

/** Log of weight and normal density of a mode, up to a constant. */
function logShare(mode: Mode, z: Float32Array): number {
  let log = mode.logWeight;
  away(mode, z).forEach((y, i) => (log -= z[i] === 0 ? 0 : 0.5 * y * y + at(mode.logScale, i)));
  return log;
}
