import { at } from '@flowline/events';
import type { DataName } from './data.ts';

const { exp, log } = Math; // looked up once: a row meets 1,200 centres

/** log p of a point in the plane, in nats. */
export type LogDensity = (x: number, y: number) => number;

/** Quadrature points along a curve. The noise around the curve is far wider than their spacing. */
const CURVE_POINTS = 600;

/**
 * Terms this far below the largest vanish in the last digit of a float64, even all 1,200 together.
 */
const NEGLIGIBLE_NATS = 50;

/** Densities from which the toys were drawn. */
const densities: Readonly<Partial<Record<DataName, LogDensity>>> = {
  toy_banana: (x, y) => logNormal(x, 1) + logNormal(y - x * x + 1, 0.5),
  toy_checkerboard: () => -Math.log(32),
  toy_eight_gaussians: around(
    Array.from({ length: 8 }, (_, k): Point => [2 * Math.cos((k * Math.PI) / 4), 2 * Math.sin((k * Math.PI) / 4)]),
    0.2,
  ),
  toy_two_moons: around(
    alongCurve((share) => {
      const [cos, sin] = [Math.cos(Math.PI * share), Math.sin(Math.PI * share)];
      return [
        [cos, sin],
        [1 - cos, 0.5 - sin],
      ];
    }),
    0.1,
  ),
  toy_two_spirals: around(
    alongCurve((share) => {
      const angle = 3 * Math.PI * Math.sqrt(share);
      const [x, y] = [(-Math.cos(angle) * angle) / 3, (Math.sin(angle) * angle) / 3];
      return [
        [x, y],
        [-x, -y],
      ];
    }),
    0.1,
  ),
};

/** The true log density of a toy; undefined for other data. */
export function trueLogDensity(name: DataName): LogDensity | undefined {
  return densities[name];
}

type Point = readonly [x: number, y: number];

/** Points at equal fractions of a curve, by the midpoint rule. */
function alongCurve(at: (share: number) => Point[]): Point[] {
  return Array.from({ length: CURVE_POINTS }, (_, i) => at((i + 0.5) / CURVE_POINTS)).flat();
}

/** Log density of an equally weighted mixture of isotropic normals with standard deviation σ. */
function around(centres: readonly Point[], sigma: number): LogDensity {
  const constant = -log(2 * Math.PI * sigma * sigma * centres.length);
  const flat = Float64Array.from(centres.flat());
  const exponents = new Float64Array(centres.length);
  return (x, y) => {
    let largest = -Infinity;
    for (let i = 0; i < exponents.length; i++) {
      const [across, up] = [x - at(flat, 2 * i), y - at(flat, 2 * i + 1)];
      const exponent = -(across * across + up * up) / (2 * sigma * sigma);
      exponents[i] = exponent;
      largest = exponent > largest ? exponent : largest;
    }
    let sum = 0;
    for (const exponent of exponents) sum += exponent > largest - NEGLIGIBLE_NATS ? exp(exponent - largest) : 0;
    return constant + largest + log(sum);
  };
}

function logNormal(x: number, sigma: number): number {
  return -0.5 * ((x / sigma) ** 2 + Math.log(2 * Math.PI * sigma * sigma));
}
