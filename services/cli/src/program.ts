import { readFileSync } from 'node:fs';

import { Command } from 'commander';

import { anomaliesCommand } from './commands/anomalies.ts';
import { applyCommand } from './commands/apply.ts';
import { deadLettersCommand } from './commands/dead-letters.ts';
import { demoCommand } from './commands/demo.ts';
import { deleteCommand, pauseCommand, resumeCommand } from './commands/detector-states.ts';
import { doctorCommand } from './commands/doctor.ts';
import { exportOnnxCommand } from './commands/export-onnx.ts';
import { migrateCommand } from './commands/migrate.ts';
import { modelsCommand } from './commands/models.ts';
import { scoreCommand } from './commands/score.ts';
import { serveCommand } from './commands/serve.ts';
import { trainCommand } from './commands/train.ts';
import { validateCommand } from './commands/validate.ts';

const commands = [
  demoCommand,
  doctorCommand,
  migrateCommand,
  validateCommand,
  applyCommand,
  trainCommand,
  serveCommand,
  scoreCommand,
  anomaliesCommand,
  modelsCommand,
  exportOnnxCommand,
  deadLettersCommand,
  pauseCommand,
  resumeCommand,
  deleteCommand,
];

/** The whole command line; errors of usage are thrown, not printed. */
export function createProgram(): Command {
  const program = new Command('flowline')
    .description('Anomaly alerts from exact likelihoods: Kafka in, Postgres and alerts out.')
    .version(versionOfPackage())
    .enablePositionalOptions()
    .addHelpText(
      'after',
      [
        '',
        'The environment says where: FLOWLINE_DATABASE_URL, FLOWLINE_KAFKA_BROKERS (values may be env:NAME or file:/path).',
        'Exit codes: 0 done, 1 error, 2 wrong usage, 3 a check did not pass. Every command takes --json.',
        '',
        'First steps:',
        '  flowline demo                  # everything at once, on real data, nothing to set up',
        '  flowline migrate               # then, in a database of yours:',
        '  flowline apply detector.yaml',
        '  flowline train <detector>',
        '  flowline serve scorer',
      ].join('\n'),
    );
  for (const create of commands) program.addCommand(create());
  throwInsteadOfExiting(program);
  return program;
}

function throwInsteadOfExiting(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => undefined });
  for (const child of command.commands) throwInsteadOfExiting(child);
}

function versionOfPackage(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const holdsVersion = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return holdsVersion ? String(manifest.version) : 'unknown';
}
