/** Last row of a full page, after which the next one begins; null at the end of a list. */
export function pageEnd<Row>(rows: readonly Row[], limit: number): Row | null {
  return rows.length < limit ? null : (rows.at(-1) ?? null);
}
