import os from 'node:os';

/** Describes the machine in one line, for comparing results. */
export function describeMachine(): string {
  const cores = os.cpus();
  const memoryGib = Math.round(os.totalmem() / 2 ** 30);
  return [
    (cores[0]?.model ?? 'unknown processor').trim(),
    `${cores.length} cores`,
    `${memoryGib} GiB`,
    `${os.type()} ${os.arch()}`,
    `Node ${process.versions.node}`,
  ].join(', ');
}
