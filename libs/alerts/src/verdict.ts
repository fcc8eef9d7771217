/** Verdicts that people may give about an anomaly or an alert. */
export const verdicts = ['confirmed', 'expected', 'false_alarm', 'new_normal'] as const;

/** Verdict of a person about an anomaly or an alert. */
export type Verdict = (typeof verdicts)[number];

/** Verdict in words. */
export const verdictWords = (verdict: Verdict): string => verdict.replaceAll('_', ' ');
