import { z } from 'zod';

const names = z.array(z.string().min(1)).min(1).max(1_000);

/** Options by which a rule or a calendar is limited to part of the anomalies. */
export const scopeShape = {
  detectors: names.describe('Names of detectors; by default all.').optional(),
  entities: names.describe('Entities; by default all, and events without one.').optional(),
  features: names.describe('Most surprising features of anomalies; by default any.').optional(),
};
