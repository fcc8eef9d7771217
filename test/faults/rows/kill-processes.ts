import type { Scenario } from '../scenario.ts';
import { storm } from '../storm.ts';
import { deliveryOf } from '../stream.ts';

export const killProcesses: Scenario = {
  id: 'R1',
  name: 'kill-processes',
  title: 'scorers, broker and database are killed and stopped',
  run: async (stage) => {
    const { check, looks, violations, faults } = await storm(stage);
    return {
      ...deliveryOf(check),
      recoverySeconds: null,
      claims: {
        'every record is scored': check.scored === check.records,
        'a reader meanwhile saw every offset below the next one once': looks > 20 && violations.length === 0,
      },
      counts: { rows: check.scored, looks, violations: violations.length, faults },
    };
  },
};
