import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { freePort } from './postgres.ts';
import { findProgram } from './programs.ts';
import { eventually } from './until.ts';

/** An Alertmanager on loopback. running → stop(). */
export interface Alertmanager {
  readonly url: string;
  /** Alerts that it holds for open. */
  alerts(): Promise<ActiveAlert[]>;
  stop(): Promise<void>;
}

/** Alert that Alertmanager holds for open. */
export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}

/** Path of Alertmanager; undefined, with a printed warning, if it is not installed. */
export const findAlertmanager = (): string | undefined => findProgram('prometheus-alertmanager', 'ALERTMANAGER');

/** Starts Alertmanager on loopback, with a receiver that does nothing and no cluster. */
export async function startAlertmanager(program: string): Promise<Alertmanager> {
  const folder = await mkdtemp(path.join(tmpdir(), 'flowline-alertmanager-'));
  const config = path.join(folder, 'alertmanager.yml');
  await writeFile(config, 'route: { receiver: none, group_wait: 1s }\nreceivers: [{ name: none }]\n');
  const address = `127.0.0.1:${String(await freePort())}`;
  const server = spawn(
    program,
    [
      ...[`--config.file=${config}`, `--storage.path=${path.join(folder, 'data')}`],
      ...[`--web.listen-address=${address}`, '--cluster.listen-address='],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const said: Buffer[] = [];
  server.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  const ended = once(server, 'exit');
  const stop = async (): Promise<void> => {
    server.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://${address}`;
  const alerts = async (): Promise<ActiveAlert[]> =>
    (await (await fetch(`${url}/api/v2/alerts?active=true`)).json()) as ActiveAlert[];
  try {
    await eventually(alerts, { everyMs: 100, isHopeless: () => server.exitCode !== null });
  } catch (error) {
    await stop();
    throw new Error(`alertmanager does not answer: ${Buffer.concat(said).toString()}`, { cause: error });
  }
  return { url, alerts, stop };
}
