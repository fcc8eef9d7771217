/** Point in units of a grid: columns to the right, rows upwards. */
type Point = readonly [x: number, y: number];

/**
 * Segments of the line at which values on a grid cross a level, by marching squares: each square
 * between four neighbours is crossed by none, one or two segments, whose ends are interpolated.
 */
export function contour(
  values: Float64Array,
  { columns, rows }: { readonly columns: number; readonly rows: number },
  level: number,
): readonly (readonly [Point, Point])[] {
  const segments: (readonly [Point, Point])[] = [];
  const at = (column: number, row: number): number => values.at(row * columns + column) ?? NaN;
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column + 1 < columns; column++) {
      const corners = [
        [column, row],
        [column + 1, row],
        [column + 1, row + 1],
        [column, row + 1],
      ] as const;
      const crossings = corners.flatMap((corner, i): readonly Point[] => {
        const next = corners.at((i + 1) % corners.length) ?? corner;
        const [a, b] = [at(...corner), at(...next)];
        if (a >= level === b >= level) return [];
        const share = Number.isFinite(a) && Number.isFinite(b) ? (level - a) / (b - a) : 0.5;
        return [[corner[0] + share * (next[0] - corner[0]), corner[1] + share * (next[1] - corner[1])]];
      });
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        const [from, to] = [crossings[i], crossings[i + 1]];
        if (from !== undefined && to !== undefined) segments.push([from, to]);
      }
    }
  }
  return segments;
}
