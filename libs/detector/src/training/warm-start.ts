import type { FeatureEncoding } from '@flowline/features';
import { type Flow, FlowError, loadFlowInParts } from '@flowline/flows';

import type { HistoryParts } from '../bundle/bundle.ts';
import type { StartComparison } from './kept-runs.ts';
import type { DetectorTrainingSpec, WarmStart } from './training-spec.ts';

/** Report on a warm start. */
export interface WarmStartReport {
  /** Version of the champion; null if there is none to start from. */
  readonly champion: number | null;
  /** Reason why no member could start from it; null if they did. */
  readonly problem: string | null;
  /** Number of members that were kept as trained from the weights of the champion. */
  readonly kept: number;
  /** Best validation losses of each member by its start; empty if none could start warm. */
  readonly members: readonly StartComparison[];
}

/** Flows with the weights of a champion, one per member; empty if it cannot be started from. */
export interface WarmFlows {
  readonly flows: readonly Flow[];
  /** Reason why it cannot be started from; null if it can. */
  readonly problem: string | null;
}

/**
 * Loads the flows of a champion to train them further, if they are flows for the rows of this
 * encoding with the structure of the new ones, and if the champion has seen no row that calibrates
 * or tests the new model. None if no warm start is asked for. The caller disposes them.
 * @param expected new flow per member.
 */
export async function warmFlows(
  { warmStart: start, times }: Pick<DetectorTrainingSpec, 'times' | 'warmStart'>,
  encoding: FeatureEncoding,
  expected: readonly Flow[],
): Promise<WarmFlows> {
  if (start === undefined) return { flows: [], problem: null };
  if (start.champion === null) return { flows: [], problem: start.problem };
  const { champion } = start;
  const problem =
    differentRows(champion.encoding, encoding) ??
    otherMembers(champion.flows.length, expected.length) ??
    seenRows(champion.metadata.history, times);
  if (problem !== null) return { flows: [], problem };
  const flows: Flow[] = [];
  try {
    for (const [i, bytes] of champion.flows.entries()) {
      flows.push(await loadFlowInParts(bytes));
      if (structureOf(flows.at(-1)) === structureOf(expected[i])) continue;
      for (const flow of flows) flow.dispose();
      return { flows: [], problem: 'its flows have another structure (another seed or recipe)' };
    }
    return { flows, problem: null };
  } catch (error) {
    for (const flow of flows) flow.dispose();
    if (!(error instanceof FlowError) || error.code !== 'FLOWLINE_MODEL_INCOMPATIBLE') throw error;
    return { flows: [], problem: `its flows cannot be read (${error.code})` };
  }
}

/** Structure of a flow. That its layers are initialised, as trained ones are, is no part of it. */
const structureOf = (flow: Flow | undefined): string =>
  JSON.stringify(flow?.config, (key, value: unknown) => (key === 'initialized' ? undefined : value));

/** Difference between the rows of two encodings in words; null if their columns are the same. */
function differentRows(champion: FeatureEncoding, encoding: FeatureEncoding): string | null {
  if (JSON.stringify(champion.schema) !== JSON.stringify(encoding.schema)) return 'its features are others';
  const columnsOf = ({ dimensionNames, contextNames, presence }: FeatureEncoding): string =>
    JSON.stringify([dimensionNames, contextNames, presence]);
  return columnsOf(champion) === columnsOf(encoding) ? null : 'its levels have other columns';
}

const otherMembers = (before: number, now: number): string | null =>
  before === now ? null : `it has ${before} members, the new model ${now}`;

type Times = NonNullable<DetectorTrainingSpec['times']>;

/**
 * Reason why the champion, or one that it started from, may have been trained or selected on rows
 * that now validate, calibrate or test; null if all of them are older. They are if no part of the
 * history begins earlier than the champion's.
 */
function seenRows(champion: HistoryParts<{ readonly fromMs: number | null }>, times: Times | undefined): string | null {
  for (const part of ['validation', 'calibration'] as const) {
    const [before, now] = [champion[part].fromMs, times?.[part].fromMs];
    if (before === null || now === undefined) return 'the times of its history are unknown';
    if (now < before)
      return `the ${part} rows now begin earlier than its own, so it may have been trained on some of them`;
  }
  return null;
}

/** Makes the report on a warm start. Null if none was asked for. */
export function warmStartReport(
  start: WarmStart | undefined,
  { problem }: WarmFlows,
  members: readonly StartComparison[],
): WarmStartReport | null {
  if (start === undefined) return null;
  const kept = members.filter(({ cold, warm }) => warm !== null && warm < cold).length;
  return { champion: start.champion === null ? null : start.version, problem, kept, members };
}
