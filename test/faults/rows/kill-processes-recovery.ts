import type { Scenario } from '../scenario.ts';
import { storm } from '../storm.ts';
import { deliveryOf } from '../stream.ts';

const LIMIT_SECONDS = 30;

export const killProcessesRecovery: Scenario = {
  id: 'R5',
  name: 'kill-processes-recovery',
  title: 'recovery after the last fault of the storm',
  run: async (stage) => {
    const { check, recoverySeconds } = await storm(stage);
    return {
      ...deliveryOf(check),
      recoverySeconds,
      claims: { [`what waited is stored within ${LIMIT_SECONDS} s`]: recoverySeconds <= LIMIT_SECONDS },
    };
  },
};
