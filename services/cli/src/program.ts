import { Command } from 'commander';

import { versionOfPackage } from './version.ts';

type Load = () => Promise<() => Command>;

/**
 * Commands by name, in help order. Each is loaded only on demand: a command that prints one line
 * must not wait for the tensor library.
 */
const commands = {
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
  migrate: async () => (await import('./commands/migrate.ts')).migrateCommand,
  validate: async () => (await import('./commands/validate.ts')).validateCommand,
  init: async () => (await import('./commands/init.ts')).initCommand,
  schema: async () => (await import('./commands/schema.ts')).schemaCommand,
  diff: async () => (await import('./commands/diff.ts')).diffCommand,
  apply: async () => (await import('./commands/apply.ts')).applyCommand,
  get: async () => (await import('./commands/get.ts')).getCommand,
  export: async () => (await import('./commands/export.ts')).exportCommand,
  status: async () => (await import('./commands/status.ts')).statusCommand,
  drift: async () => (await import('./commands/drift.ts')).driftCommand,
  fit: async () => (await import('./commands/fit.ts')).fitCommand,
  evaluate: async () => (await import('./commands/evaluate.ts')).evaluateCommand,
  train: async () => (await import('./commands/train.ts')).trainCommand,
  trainings: async () => (await import('./commands/trainings.ts')).trainingsCommand,
  serve: async () => (await import('./commands/serve.ts')).serveCommand,
  score: async () => (await import('./commands/score.ts')).scoreCommand,
  explain: async () => (await import('./commands/explain.ts')).explainCommand,
  report: async () => (await import('./commands/report.ts')).reportCommand,
  sample: async () => (await import('./commands/sample.ts')).sampleCommand,
  anomalies: async () => (await import('./commands/anomalies.ts')).anomaliesCommand,
  models: async () => (await import('./commands/models.ts')).modelsCommand,
  'export-onnx': async () => (await import('./commands/export-onnx.ts')).exportOnnxCommand,
  alerts: async () => (await import('./commands/alerts.ts')).alertsCommand,
  feedback: async () => (await import('./commands/feedback.ts')).feedbackCommand,
  rules: async () => (await import('./commands/rules.ts')).rulesCommand,
  calendars: async () => (await import('./commands/rules.ts')).calendarsCommand,
  sinks: async () => (await import('./commands/sinks.ts')).sinksCommand,
  backlog: async () => (await import('./commands/backlog.ts')).backlogCommand,
  dlq: async () => (await import('./commands/dead-letters.ts')).deadLettersCommand,
  pause: async () => (await import('./commands/detector-states.ts')).pauseCommand,
  resume: async () => (await import('./commands/detector-states.ts')).resumeCommand,
  delete: async () => (await import('./commands/detector-states.ts')).deleteCommand,
  tokens: async () => (await import('./commands/tokens.ts')).tokensCommand,
  completion: async () => {
    const { completionCommand } = await import('./commands/completion.ts');
    return () => completionCommand(() => createProgram([]));
  },
  mcp: async () => (await import('./commands/mcp.ts')).mcpCommand,
  identity: async () => (await import('./commands/identity.ts')).identityCommand,
} satisfies Record<string, Load>;

/**
 * Creates the command line with the command that `args` begin with, or with every command if they
 * name none (help, or an unknown word). Usage errors are thrown, not printed.
 */
export async function createProgram(args: readonly string[]): Promise<Command> {
  const program = new Command('flowline')
    .description('Anomaly alerts from exact likelihoods: Kafka in, Postgres and alerts out.')
    .version(versionOfPackage())
    .enablePositionalOptions()
    .addHelpText(
      'after',
      [
        '',
        'Servers come from the environment: FLOWLINE_DATABASE_URL, FLOWLINE_KAFKA_BROKERS (values may be env:NAME or file:/path).',
        'Exit codes: 0 success, 1 error, 2 wrong usage (diff: 1 differences, 2 error), 3 failed check, 141 output closed by its reader (head).',
        'Every command takes --json.',
        '',
        'First steps:',
        '  flowline migrate               # creates the schema in your database',
        '  flowline apply detector.yaml',
        '  flowline train <detector>',
        '  flowline serve scorer',
      ].join('\n'),
    );
  const named = Object.entries(commands).filter(([name]) => name === args[0]);
  for (const [, load] of named.length > 0 ? named : Object.entries(commands)) {
    const create = await load();
    program.addCommand(create());
  }
  throwInsteadOfExiting(program);
  return program;
}

function throwInsteadOfExiting(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => undefined });
  for (const child of command.commands) throwInsteadOfExiting(child);
}
