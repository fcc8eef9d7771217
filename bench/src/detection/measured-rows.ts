import { appendFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';

import { FlowlineError, messageOf } from '@flowline/events';

import type { DetectionRow } from './measure.ts';

/** A measurement, and the code and rows that it depends on. */
export interface MeasurementKey extends Pick<DetectionRow, 'data' | 'protocol' | 'method' | 'seed'> {
  /** Fingerprint of the sources of the method. */
  readonly code: string;
  /** Fingerprint of the file of the set. */
  readonly file: string;
}

/** Measurement that is kept; null if the method needs more rows. */
interface KeptRow {
  readonly key: MeasurementKey;
  readonly row: DetectionRow | null;
}

/**
 * Rows that were measured before, one line of JSON each, so that a run of hours goes on where it
 * was ended. A row counts as long as neither the code of its method nor its set has changed.
 */
export class MeasuredRows {
  readonly #file: string | null;
  readonly #rows: Map<string, DetectionRow | null>;

  private constructor(file: string | null, rows: Map<string, DetectionRow | null>) {
    this.#file = file;
    this.#rows = rows;
  }

  /**
   * Opens the rows of a file; null keeps none.
   * @throws FlowlineError FLOWLINE_FILE_UNREADABLE for a file that holds something else.
   */
  static async open(file: string | null): Promise<MeasuredRows> {
    if (file === null) return new MeasuredRows(null, new Map());
    await mkdir(path.dirname(file), { recursive: true });
    await appendFile(file, '');
    const text = await readFile(file, 'utf8');
    const lines = text.split('\n');
    // A run that was killed may have left half of a line, which the next one must not go on with.
    const half = lines.pop() ?? '';
    if (half !== '') await appendFile(file, '\n');
    return new MeasuredRows(file, new Map(lines.filter(isWhole).map((line) => readLine(file, line))));
  }

  get size(): number {
    return this.#rows.size;
  }

  /** The row of a measurement: of an earlier run, or measured now and kept. */
  async of(key: MeasurementKey, measure: () => Promise<DetectionRow | null>): Promise<DetectionRow | null> {
    const known = this.#rows.get(textOf(key));
    if (known !== undefined) return known;
    const row = await measure();
    this.#rows.set(textOf(key), row);
    if (this.#file !== null) await appendFile(this.#file, `${JSON.stringify({ key, row } satisfies KeptRow)}\n`);
    return row;
  }
}

const textOf = ({ data, protocol, method, seed, code, file }: MeasurementKey): string =>
  JSON.stringify([data, protocol, method, seed, code, file]);

/** Half of a line is not JSON; it is measured again. */
const isWhole = (line: string): boolean => /^\{.*(\}\}|null\})$/.test(line);

function readLine(file: string, line: string): [string, DetectionRow | null] {
  try {
    const { key, row } = JSON.parse(line) as KeptRow;
    return [textOf(key), row];
  } catch (cause) {
    throw new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${file} holds no measured rows: ${messageOf(cause)}`, {
      where: file,
      remedy: 'Name another file (--keep), or remove this one.',
      cause,
    });
  }
}
