import { ENOUGH_EXPECTED, judgePromise, type PromiseVerdict } from '../format/promise.ts';

const tones: Readonly<Record<PromiseVerdict['verdict'], string>> = {
  kept: 'chip-good',
  more: 'chip-major',
  fewer: 'chip-warning',
  unknown: '',
};

/** Verdict on the alarms of a detector, in a word, with its reason on hover. */
export function PromiseChip({ measured, expected }: { readonly measured: number; readonly expected: number }) {
  const found = judgePromise(measured, expected);
  const words = {
    kept: 'as promised',
    more: `${found.ratio.toFixed(1)}× the promise`,
    fewer: `${found.ratio.toFixed(1)}× the promise`,
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
  if (verdict !== 'unknown') return `${counted}; the count says ${low.toFixed(1)} to ${high.toFixed(1)}.`;
  const missing = ENOUGH_EXPECTED - expected;
  return `${counted}. At ${ENOUGH_EXPECTED} expected alarms there is a verdict; ${missing.toFixed(1)} are missing.`;
}
