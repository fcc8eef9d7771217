// Charts of one line of text, for terminals. Nothing here needs preact.

/** Stream that charts are written to; process.stdout is one. */
export interface TextOutput {
  readonly isTTY?: boolean;
}

/** Environment variables that choose between plain text and charts. */
export interface TextEnvironment {
  readonly NO_COLOR?: string | undefined;
  readonly FORCE_COLOR?: string | undefined;
}

const EIGHTHS = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'] as const;
const HEIGHTS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/**
 * True if an output shows charts of text: a terminal, unless NO_COLOR is set; any output if
 * FORCE_COLOR is set, to something else than 0 or false, as Node reads it. An empty NO_COLOR does
 * not count.
 */
export function showsTextCharts(output: TextOutput, { NO_COLOR, FORCE_COLOR }: TextEnvironment): boolean {
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  return output.isTTY === true;
}

/**
 * Line of blocks whose heights are values, the lowest one at ▁ and the highest at █. Of more values
 * than its width it shows means of neighbours. A value that is not finite is a blank.
 * @param options `low`: the value at ▁, by default the lowest; 0 for counts.
 */
export function textSparkline(
  values: readonly number[],
  { width = 40, low }: { readonly width?: number; readonly low?: number } = {},
): string {
  const cells = means(values, width);
  const finite = cells.filter(Number.isFinite);
  if (finite.length === 0) return ' '.repeat(cells.length);
  const bottom = low ?? Math.min(...finite);
  const range = Math.max(...finite) - bottom;
  return cells
    .map((value) => {
      if (!Number.isFinite(value)) return ' ';
      const share = range > 0 ? (value - bottom) / range : 0;
      const height = Math.round(Math.max(0, Math.min(1, share)) * (HEIGHTS.length - 1));
      return HEIGHTS.at(height) ?? '';
    })
    .join('');
}

/**
 * Bar whose length is a value, to an eighth of a character; any value above 0 shows.
 * @param most value of a bar of the full width.
 */
export function textBar(value: number, most: number, width = 10): string {
  if (!(value > 0) || !(most > 0)) return '';
  const eighths = Math.max(1, Math.round(Math.min(1, value / most) * width * EIGHTHS.length));
  const [whole, rest] = [Math.floor(eighths / EIGHTHS.length), eighths % EIGHTHS.length];
  return '█'.repeat(whole) + (rest === 0 ? '' : (EIGHTHS.at(rest - 1) ?? ''));
}

/** Means of neighbours, at most `width` of them; those that are not finite are left out of each. */
function means(values: readonly number[], width: number): readonly number[] {
  if (values.length <= width) return values;
  return Array.from({ length: width }, (_, cell) => {
    const [from, to] = [cell, cell + 1].map((edge) => Math.floor((edge * values.length) / width));
    const part = values.slice(from, to).filter(Number.isFinite);
    return part.length === 0 ? NaN : part.reduce((sum, value) => sum + value / part.length, 0);
  });
}
