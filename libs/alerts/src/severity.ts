/** Severities, mildest first. */
export const severities = ['info', 'warning', 'major', 'critical'] as const;

/** Severity of an alert: of the most surprising of its anomalies. */
export type Severity = (typeof severities)[number];

/** Surprise, in bits, from which an anomaly has each severity. Below `warning` it is `info`. */
export interface SeverityBits {
  readonly warning: number;
  readonly major: number;
  readonly critical: number;
}

/** Severity of a surprise of so many bits (−log2 p). */
export function severityOf(bits: number, { warning, major, critical }: SeverityBits): Severity {
  if (bits >= critical) return 'critical';
  if (bits >= major) return 'major';
  return bits >= warning ? 'warning' : 'info';
}

/** True if `severity` is worse than `other`; anything is worse than null. */
export function isWorse(severity: Severity, other: Severity | null): boolean {
  return other === null || severities.indexOf(severity) > severities.indexOf(other);
}
