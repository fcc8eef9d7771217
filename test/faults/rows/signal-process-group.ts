import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { testEvents } from '../../support/scorer-model.ts';
import type { Scenario } from '../scenario.ts';
import { deliveryOf, type Stream } from '../stream.ts';

const PARTITIONS = 3;
const root = fileURLToPath(new URL('../../../', import.meta.url));
/** Longer than the shutdown deadline of a service. */
const END_TIMEOUT_MS = 30_000;

export const signalProcessGroup: Scenario = {
  id: 'R22',
  name: 'signal-process-group',
  title: 'signals reach the whole process group, as from a terminal, systemd or timeout(1)',
  run: async (stage) => {
    const rounds = stage.quick ? 2 : 6;
    const events = (stage.quick ? 2_000 : 10_000) * rounds;
    const stream = await stage.open('signalled', { partitions: PARTITIONS });
    const messages = testEvents(events, 221).map((event) => ({ value: JSON.stringify(event) }));
    const ends: GroupEnd[] = [];
    for (let round = 0; round < rounds; round++) {
      const before = await stream.storedRows();
      const group = startGroup(stream);
      await stream.produce(messages.slice((round * events) / rounds, ((round + 1) * events) / rounds));
      await stream.untilStored(before + 1);
      ends.push(await endGroup(group, round % 2 === 0 ? 'SIGINT' : 'SIGTERM'));
    }
    const last = stream.start();
    await stream.untilCaughtUp();
    await stream.stop(last);
    return {
      ...deliveryOf(await stream.check()),
      recoverySeconds: null,
      claims: {
        'every process of the group ended': ends.every(({ ended }) => ended),
        'one orderly stop each': ends.every(({ stderr }) => occurrences(stderr, '"stopping"') === 1),
        'no signal of the same wish was taken for a second one': ends.every(
          ({ stderr }) => !stderr.includes('second signal'),
        ),
        'every release came to its end': ends.every(({ stderr }) => !/deadline passed|release failed/.test(stderr)),
      },
      counts: { rounds },
    };
  },
};

interface Group {
  readonly leader: ChildProcess;
  readonly stderr: () => string;
}

interface GroupEnd {
  readonly ended: boolean;
  readonly stderr: string;
}

/**
 * Starts the command line as a user does, with npm and a shell around it, in its own process group.
 */
function startGroup({ parts: { addresses, detector } }: Stream): Group {
  const args = ['serve', 'scorer', '--', '--source', 'kafka', '--detector', detector, '--batch-size', '200'];
  const leader = spawn('npm', ['exec', '--', 'flowline', ...args], {
    cwd: root,
    env: { ...process.env, FLOWLINE_LOG_LEVEL: 'info', ...addresses },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let stderr = '';
  leader.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return { leader, stderr: () => stderr };
}

/**
 * Signals the group and then its leader again, as a supervisor may, and waits until the whole group
 * has ended.
 */
async function endGroup({ leader, stderr }: Group, signal: NodeJS.Signals): Promise<GroupEnd> {
  const { pid } = leader;
  if (pid === undefined) throw new Error('the command line did not start');
  process.kill(-pid, signal);
  await sleep(100);
  if (leader.exitCode === null && leader.signalCode === null) leader.kill(signal);
  const deadline = Date.now() + END_TIMEOUT_MS;
  while (isAlive(-pid) && Date.now() < deadline) await sleep(50);
  const ended = !isAlive(-pid);
  if (!ended) process.kill(-pid, 'SIGKILL');
  return { ended, stderr: stderr() };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const occurrences = (text: string, part: string): number => text.split(part).length - 1;
