import { FlowlineError } from '@flowline/events';
import { reportError } from '@flowline/telemetry';

import type { BenchProgram } from './support/program.ts';

/** Programs of `npm run bench -- NAME`, each loaded on demand. */
const programs: Readonly<Record<string, () => Promise<{ readonly program: BenchProgram }>>> = {
  detection: () => import('./detection/run.ts'),
  density: () => import('./density/run.ts'),
  pipeline: () => import('./pipeline/run.ts'),
  queries: () => import('./queries/run.ts'),
  pages: () => import('./pages/run.ts'),
  shapes: () => import('./shapes/run.ts'),
  incident: () => import('./incident/run.ts'),
  explanations: () => import('./explanations/run.ts'),
  history: () => import('./history/run.ts'),
  soak: () => import('./soak/run.ts'),
  engine: () => import('./engine/run.ts'),
  training: () => import('./training/run.ts'),
  statistic: () => import('./statistic/run.ts'),
  start: () => import('./start/run.ts'),
  'peers-install': () => import('./peers-install/run.ts'),
};

const usage = `npm run bench -- NAME [options], NAME one of ${Object.keys(programs).join(', ')}`;
const [name = '', ...args] = process.argv.slice(2);

try {
  const load = Object.hasOwn(programs, name) ? programs[name] : undefined;
  if (load === undefined) {
    throw new FlowlineError('FLOWLINE_USAGE', name === '' ? 'no benchmark was named' : `no benchmark '${name}'`, {
      where: 'bench',
      remedy: `Use ${usage}.`,
    });
  }
  const { program } = await load();
  await program.run(args);
} catch (error) {
  process.exitCode = reportError(error, false);
}
