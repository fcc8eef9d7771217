import type { Command } from 'commander';

import { action, command } from '../command.ts';
import type { DoctorFinding } from '../doctor/finding.ts';
import { exitCodes, printResult } from '../output.ts';

interface DoctorOptions {
  readonly json?: true;
}

/** `flowline doctor`: checks all prerequisites at once. Exit code 3 if a check failed. */
export function doctorCommand(): Command {
  return command('doctor', 'Check everything at once: Node, backends, settings, database, Kafka, detectors.', [
    'flowline doctor',
    'flowline doctor --json | jq \'.findings[] | select(.status == "failed")\'',
  ]).action(
    action(async (options: DoctorOptions) => {
      const { examine } = await import('../doctor/examine.ts');
      const findings = await examine();
      const healthy = findings.every(({ status }) => status !== 'failed');
      printResult({ healthy, findings }, options.json === true, formatFindings);
      return healthy ? exitCodes.ok : exitCodes.gateFailed;
    }),
  );
}

const MARKS = { ok: '✓', warning: '!', failed: '✗', skipped: '-' } as const;

function formatFindings({ findings }: { readonly findings: readonly DoctorFinding[] }): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, status, detail, remedy }) => [
    `${MARKS[status]} ${check.padEnd(width)}  ${detail}`,
    ...(remedy === null ? [] : [`  ${' '.repeat(width)}  → ${remedy}`]),
  ]);
  const count = findings.filter(({ status }) => status === 'failed').length;
  return [...lines, '', count === 0 ? 'nothing failed' : `${count} failed`].join('\n');
}
