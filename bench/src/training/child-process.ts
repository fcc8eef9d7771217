import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { endOf, type LineServer, lineServer } from '../support/line-server.ts';
import type { ChildTask } from './child.ts';

const childMain = fileURLToPath(new URL('child.ts', import.meta.url));

/** Starts an engine of ours in a process of its own. Rejects if it ends without a line. */
export async function startChild(task: ChildTask): Promise<LineServer> {
  const threads = String(task.threads);
  const child = spawn(
    process.execPath,
    ['--conditions=flowline:source', '--import', 'tsx', childMain, JSON.stringify(task)],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      // TensorFlow's; ours takes them from its task.
      env: { ...process.env, TF_NUM_INTRAOP_THREADS: threads, OMP_NUM_THREADS: threads },
    },
  );
  const ended = endOf(child);
  return lineServer(child, async () => new Error(`the process of ${task.engine} ended with ${String(await ended)}`));
}
