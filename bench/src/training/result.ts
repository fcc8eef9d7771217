import type { DataName } from '../density/data.ts';
import type { ModelName } from '../engine/reference-models.ts';
import type { BenchResult, Column } from '../support/report.ts';
import type { OurEngine, PeerEngine } from './engines.ts';

/** Time of a training step: one row of the result. The names of the fields are published. */
export interface StepRow {
  readonly engine: OurEngine | PeerEngine;
  readonly model: ModelName;
  readonly batch: number;
  readonly threads: number;
  readonly msPerStep: number;
}

/** Time to a test NLL: one row of the result. The names of the fields are published. */
export interface NllRow {
  readonly engine: OurEngine | PeerEngine;
  readonly data: DataName;
  readonly threads: number;
  /**
   * Wall-clock seconds of training: the peer's to its best validation, ours to one that is as good;
   * null if the steps ended before.
   */
  readonly seconds: number | null;
  /** Mean −log p of the test rows then, in nats. */
  readonly nll: number;
}

/** Machine-readable result of the benchmark. */
export function resultOf(rows: readonly StepRow[], timeToNll: readonly NllRow[]): BenchResult {
  return { bench: 'training', rows, timeToNll };
}

/** An engine's steps on one model, by batch size. */
export interface StepLine {
  readonly engine: string;
  readonly threads: number;
  readonly msPerStep: ReadonlyMap<number, number>;
}

/** One line per engine and number of threads, in the order of the rows. */
export function stepLines(rows: readonly StepRow[]): readonly StepLine[] {
  const lines = new Map<string, StepLine & { readonly msPerStep: Map<number, number> }>();
  for (const { engine, threads, batch, msPerStep } of rows) {
    const key = `${engine} ${threads}`;
    const line = lines.get(key) ?? { engine, threads, msPerStep: new Map<number, number>() };
    line.msPerStep.set(batch, msPerStep);
    lines.set(key, line);
  }
  return [...lines.values()];
}

/** Columns of the table of steps: milliseconds per step, by batch size. */
export function stepColumns(batches: readonly number[]): readonly Column<StepLine>[] {
  return [
    { title: 'engine', text: ({ engine }) => engine },
    { title: 'threads', align: 'right', text: ({ threads }) => String(threads) },
    ...batches.map((batch): Column<StepLine> => ({
      title: String(batch),
      align: 'right',
      text: ({ msPerStep }) => inMs(msPerStep.get(batch)),
    })),
  ];
}

/** Milliseconds in three digits or more; nothing for none. */
function inMs(value: number | undefined): string {
  if (value === undefined) return '';
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

/** Columns of the table of times to an NLL. */
export const nllColumns: readonly Column<NllRow>[] = [
  { title: 'data', text: ({ data }) => data },
  { title: 'engine', text: ({ engine }) => engine },
  { title: 'threads', align: 'right', text: ({ threads }) => String(threads) },
  { title: 'seconds', align: 'right', text: ({ seconds }) => seconds?.toFixed(1) ?? 'not reached' },
  { title: 'test NLL, nats', align: 'right', text: ({ nll }) => nll.toFixed(3) },
];
