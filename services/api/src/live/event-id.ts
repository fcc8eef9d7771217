/** Position of a follower: all anomalies up to an id, all changes of alerts up to a time. */
export interface LivePosition {
  readonly anomalyId: number;
  readonly alertMs: number;
}

/** Formats a position as the id of a server-sent event. */
export const eventIdOf = ({ anomalyId, alertMs }: LivePosition): string => `${anomalyId}-${alertMs}`;

/** Parses the header Last-Event-ID; null for text that is no position. */
export function positionOf(text: unknown): LivePosition | null {
  const [, anomalyId, alertMs] = (typeof text === 'string' ? /^(\d{1,15})-(\d{1,15})$/.exec(text) : null) ?? [];
  return anomalyId === undefined || alertMs === undefined
    ? null
    : { anomalyId: Number(anomalyId), alertMs: Number(alertMs) };
}
