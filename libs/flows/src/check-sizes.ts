import { FlowError } from './flow-error.ts';

/** Size that any file may name. Larger ones need as many weights in the file. */
const ANY_SIZE = 65_536;
/** Depth of a configuration, far beyond that of every family. */
const DEEPEST = 64;

/**
 * Checks the sizes in the configuration of a saved flow before anything of these sizes is made: a
 * file of some kilobytes cannot ask for gigabytes. Throws FLOWLINE_MODEL_INCOMPATIBLE.
 * @param weights number of weights that the file holds.
 */
export function checkSizes(config: unknown, weights: number): void {
  checkWithin(config, Math.max(ANY_SIZE, weights), 'config', 0);
}

function checkWithin(value: unknown, most: number, where: string, depth: number): void {
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) > most) {
    throw tooLarge(where, `found ${value}, expected at most ${most}, as the file has fewer weights`);
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth === DEEPEST) throw tooLarge(where, `found parts within more than ${DEEPEST} others`);
  for (const [key, part] of Object.entries(value)) checkWithin(part, most, `${where}.${key}`, depth + 1);
}

const tooLarge = (where: string, finding: string): FlowError =>
  new FlowError('FLOWLINE_MODEL_INCOMPATIBLE', finding, {
    where,
    remedy: 'Restore the file from where it was written.',
  });
