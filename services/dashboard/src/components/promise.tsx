import { ENOUGH_EXPECTED, judgePromise, type PromiseVerdict } from '../format/promise.ts';

const tones: Readonly<Record<PromiseVerdict['verdict'], string>> = {
  kept: 'chip-good',
  more: 'chip-warning',
  fewer: 'chip-warning',
  unknown: '',
};

/** Verdict on the alarms of a detector, in a word, with its reason on hover. */
export function PromiseChip({ measured, expected }: { readonly measured: number; readonly expected: number }) {
  const found = judgePromise(measured, expected);
  const words = {
    kept: 'as expected',
    more: `${found.ratio.toFixed(1)}× expected`,
    fewer: `${found.ratio.toFixed(1)}× expected`,
    unknown: 'not enough data',
  };
  return (
    <span class={`chip ${tones[found.verdict]}`} title={reasonOf(measured, expected, found)}>
      {words[found.verdict]}
    </span>
  );
}

/** Reason of a verdict in a sentence. */
export function reasonOf(measured: number, expected: number, { verdict, low, high }: PromiseVerdict): string {
  const counted = `${measured} alarms where ${expected.toFixed(1)} were to be expected`;
  if (verdict !== 'unknown') {
    const interval = `${counted}, at 95 % between ${low.toFixed(1)} and ${high.toFixed(1)}.`;
    return verdict === 'more'
      ? `${interval} Expected are false alarms alone: whatever was really odd comes on top. Feedback tells the two apart.`
      : interval;
  }
  const missing = ENOUGH_EXPECTED - expected;
  return `${counted}. At ${ENOUGH_EXPECTED} expected alarms there is a verdict; ${missing.toFixed(1)} are missing.`;
}
