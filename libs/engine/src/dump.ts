import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { FlowlineError } from '@flowline/events';

import type { Plan } from './plan/plan.ts';

/**
 * Writes what a target makes of a plan to the folder that `FLOWLINE_ENGINE_DUMP` names, for a look
 * at it: `<plan>.<name>`, beside the plan itself, `<plan>.plan.json`. `<plan>` is a hash of the
 * plan, so the files of several models lie side by side. Does nothing without the variable. Throws
 * FLOWLINE_USAGE if the folder cannot be written.
 */
export const dump = (plan: Plan, name: string, content: string | Uint8Array): void => {
  const folder = process.env.FLOWLINE_ENGINE_DUMP ?? '';
  if (folder === '') return;
  const text = planText(plan);
  const id = createHash('sha256').update(text).digest('hex').slice(0, 12);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, `${id}.plan.json`), text);
    writeFileSync(path.join(folder, `${id}.${name}`), content);
  } catch (cause) {
    throw new FlowlineError('FLOWLINE_USAGE', `the compiled form of a model could not be written to ${folder}`, {
      where: 'FLOWLINE_ENGINE_DUMP',
      remedy: 'Name a folder that this process may write to, or unset FLOWLINE_ENGINE_DUMP.',
      cause,
    });
  }
};

/** Plan as JSON, with its arrays of numbers as lists. */
const planText = (plan: Plan): string =>
  JSON.stringify(
    plan,
    (_key, value: unknown) => (ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value),
    1,
  );
