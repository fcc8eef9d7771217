import os from 'node:os';

/** The machine in one line, for a result that is to be compared with another. */
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
