import { setTimeout as sleep } from 'node:timers/promises';

const STALL_MS = 120_000;

/** Polls until a condition holds. @throws Error naming it, after two minutes. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + STALL_MS;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within two minutes`);
    await sleep(100);
  }
}
