import { Random } from '../random.ts';
import type { Rows } from '../rows.ts';

/** Two correlated Gaussians in the plane: a density with a known value everywhere. */
const components = [
  { weight: 0.6, mean: [-1.2, 0.4], scale: [0.5, 0.3], tilt: 0.6 },
  { weight: 0.4, mean: [1.0, -0.5], scale: [0.4, 0.7], tilt: -0.3 },
] as const;

/** `size` rows of the mixture: x_0 = m_0 + s_0 ε_0, x_1 = m_1 + tilt (x_0 − m_0) + s_1 ε_1. */
export function mixtureRows(size: number, seed: number): Rows {
  const random = new Random(seed);
  const x = new Float32Array(2 * size);
  for (let i = 0; i < size; i++) {
    const { mean, scale, tilt } = components[random.uniform() < components[0].weight ? 0 : 1];
    const first = scale[0] * random.normal();
    x[2 * i] = mean[0] + first;
    x[2 * i + 1] = mean[1] + tilt * first + scale[1] * random.normal();
  }
  return { x, size };
}

/** Log density of the mixture. */
export function mixtureLogDensity(a: number, b: number): number {
  const terms = components.map(({ weight, mean, scale, tilt }) => {
    const u = (a - mean[0]) / scale[0];
    const v = (b - mean[1] - tilt * (a - mean[0])) / scale[1];
    return Math.log(weight / (2 * Math.PI * scale[0] * scale[1])) - 0.5 * (u * u + v * v);
  });
  const top = Math.max(...terms);
  return top + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - top), 0));
}
