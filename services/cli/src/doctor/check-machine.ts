import { FlowlineError } from '@flowline/events';
import { type BackendName, initBackend, logProbRows, Random, realNVP } from '@flowline/flows';

import { formatCount } from '../output.ts';
import { type DoctorFinding, failed, finding, ok } from './finding.ts';

const MINIMUM_NODE = [20, 19] as const;

/** The version of Node. */
export function checkNode(version: string): DoctorFinding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const recent = major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1]);
  if (recent) return ok('node', version);
  return failed('node', `${version} is too old`, `Install Node ${MINIMUM_NODE.join('.')} or newer.`);
}

/** A probe of about the size of a small detector: long enough to see an order of magnitude, short enough to wait for. */
const PROBE = { features: 8, hidden: [64, 64], layers: 8, seed: 1 };
const PROBE_ROWS: Record<BackendName, number> = { wasm: 20_000, cpu: 512 };

/** Each tensor backend: whether it runs here, and how fast. */
export async function checkBackends(used: BackendName): Promise<DoctorFinding[]> {
  const findings: DoctorFinding[] = [];
  for (const name of ['wasm', 'cpu'] as const) {
    const check = `backend ${name}`;
    findings.push(
      await finding(check, async () => {
        const eventsPerSecond = await probe(name);
        const role = name === used ? 'used' : 'not used: FLOWLINE_BACKEND chooses';
        return ok(check, `about ${formatCount(eventsPerSecond)} events/s on a probe (${role})`);
      }),
    );
  }
  return findings;
}

async function probe(name: BackendName): Promise<number> {
  await initBackend(name);
  const rows = PROBE_ROWS[name];
  const flow = realNVP(PROBE);
  try {
    const x = new Random(PROBE.seed).normals(rows * PROBE.features);
    await logProbRows(flow, x.subarray(0, 256 * PROBE.features), 256);
    const startedMs = performance.now();
    const logP = await logProbRows(flow, x, rows);
    if (!logP.every(Number.isFinite)) {
      throw new FlowlineError(
        'FLOWLINE_BACKEND_UNAVAILABLE',
        `The backend ${name} computes densities that are not finite.`,
        {
          where: name,
          remedy: 'Install again (npm ci), or choose the other backend by FLOWLINE_BACKEND.',
        },
      );
    }
    return rows / ((performance.now() - startedMs) / 1000);
  } finally {
    flow.dispose();
  }
}
