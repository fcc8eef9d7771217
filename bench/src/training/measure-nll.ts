import { type DataName, readData } from '../density/data.ts';
import { withRowsOnDisk } from '../density/train-peer.ts';
import { REFERENCE, writeModel } from '../engine/reference-models.ts';
import { runPeer } from '../support/python.ts';
import type { ChildTask, Greeting } from './child.ts';
import { startChild } from './child-process.ts';
import { oursOf, type Selected, TARGET_PEER } from './engines.ts';
import type { NllRow } from './result.ts';
import { flowFor, HIDDEN, type TimeToNll } from './time-to-nll.ts';

/** Trainings to a test NLL: data, engines, and the share of the data's steps. */
export interface NllPlan {
  readonly from: string;
  readonly data: DataName;
  readonly selected: Selected;
  readonly stepShare: number;
  readonly validateEvery: number;
  /** Called with an engine that cannot run here, and the reason. */
  readonly onObstacle: (engine: string, why: string) => void;
}

/** Result of bench/peers/time_to_nll.py. */
interface PeerResult {
  readonly seconds: number;
  readonly steps: number;
  readonly validationNll: number;
  readonly nll: number;
}

/**
 * Trains the reference flow in PyTorch, and then ours from the same weights until validation finds
 * them as good. Both have the same budget of steps.
 */
export async function measureNll(plan: NllPlan): Promise<NllRow[]> {
  const data = await readData(plan.from, plan.data);
  const steps = Math.round(data.steps * plan.stepShare);
  const rows: NllRow[] = [];
  const validationNlls: number[] = [];
  await withRowsOnDisk(data, async (folder) => {
    const flow = flowFor(data);
    const { layers, scaleBound: bound } = REFERENCE;
    writeModel(folder, 'model', flow, { features: data.features, layers, hidden: HIDDEN, bound });
    flow.dispose();
    for (const threads of plan.selected.threads) {
      const args = [folder, 'model', ...[threads, steps, plan.validateEvery].map(String)];
      const { seconds, nll, validationNll } = await runPeer<PeerResult>('time_to_nll.py', args, { threads });
      rows.push({ engine: TARGET_PEER, data: plan.data, threads, seconds, nll });
      validationNlls.push(validationNll);
    }
  });
  const targetNll = Math.min(...validationNlls);
  for (const { engine, threads } of oursOf(plan.selected)) {
    const { from, data: name, validateEvery } = plan;
    const task = { engine, threads, kind: 'nll', from, data: name, steps, validateEvery, targetNll } as const;
    const result = await trainedOurs(task);
    if (typeof result === 'string') plan.onObstacle(engine, result);
    else rows.push({ engine, data: name, threads, ...result });
  }
  return rows;
}

/** Trains an engine of ours in a process of its own. Resolves to a reason if it cannot run here. */
async function trainedOurs(task: ChildTask): Promise<TimeToNll | string> {
  const child = await startChild(task);
  await child.stop();
  const result = JSON.parse(child.greeting) as Greeting | TimeToNll;
  return 'obstacle' in result ? (result.obstacle ?? 'it trained nothing') : result;
}
