import { planar } from '../families/planar.ts';
import { radial } from '../families/radial.ts';
import type { Flow } from '../flow.ts';
import type { Constructor, Shape } from './constructor.ts';

/** A line of the table: bounded, exact with missing features and not trained unless `traits` says otherwise. */
const family = (
  name: string,
  make: (shape: Shape) => Flow,
  traits: Partial<Omit<Constructor, 'name' | 'make'>> = {},
): Constructor => ({ name, make, bounded: true, supportsMissing: true, trained: false, ...traits });

const hidden = [12];

/** The families besides Real NVP, each as it is by default in small, then with other options. */
export const familyConstructors: readonly Constructor[] = [
  family('planar', (shape) => planar({ layers: 4, hidden, ...shape }), { trained: true }),
  family('radial', (shape) => radial({ layers: 4, hidden, ...shape }), { trained: true }),
];
