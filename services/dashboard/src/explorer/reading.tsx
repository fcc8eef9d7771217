import { Fact } from '../components/parts.tsx';
import { formatBits, formatP } from '../format/numbers.ts';

/** Score of the point. */
export interface PointScore {
  readonly logDensityNats: number;
  readonly pValue: number;
  readonly bits: number;
}

/** State of the point in words. */
export function wordsOf({ bits }: PointScore, thresholdBits: number | null): string {
  const surprise = `${formatBits(bits)} bits of surprise`;
  if (thresholdBits === null) return surprise;
  return `${surprise}: ${bits >= thresholdBits ? 'an alarm' : 'no alarm'}, from ${formatBits(thresholdBits)} bits on`;
}

/** Bits that the meter shows at least. */
const METER_BITS = 20;

/** Score of the point beside the threshold, as it moves. */
export function Reading({
  score,
  alpha,
  thresholdBits,
}: {
  readonly score: PointScore | null;
  readonly alpha: number | null;
  readonly thresholdBits: number | null;
}) {
  const bits = score?.bits ?? 0;
  const most = Math.max(METER_BITS, 1.1 * (thresholdBits ?? 0), Number.isFinite(bits) ? bits : 0);
  const isAlarm = thresholdBits !== null && bits >= thresholdBits;
  const oneIn = score === null ? NaN : Math.round(1 / score.pValue);
  return (
    <div class="reading">
      <div class="reading-bits">
        <output aria-label="Surprise in bits" data-bits={score?.bits.toFixed(6)}>
          {score === null ? '–' : formatBits(bits)}
        </output>
        <span class="muted">bits</span>
        {thresholdBits !== null && score !== null && (
          <span class={`chip ${isAlarm ? 'chip-critical' : 'chip-good'}`}>{isAlarm ? 'an alarm' : 'no alarm'}</span>
        )}
      </div>
      <div class="meter" aria-hidden="true">
        <div
          class={isAlarm ? 'meter-bar meter-bar-alarm' : 'meter-bar'}
          style={{ width: `${(100 * Math.min(most, bits)) / most}%` }}
        />
        {thresholdBits !== null && <div class="meter-mark" style={{ left: `${(100 * thresholdBits) / most}%` }} />}
      </div>
      <p class="muted small">
        {alpha === null || thresholdBits === null
          ? 'The threshold is not known yet.'
          : `Alarms from ${formatBits(thresholdBits)} bits on, p ≤ ${formatP(alpha)}.`}
      </p>
      <dl class="facts">
        <Fact name="p-value">
          {score === null ? '–' : formatP(score.pValue)}{' '}
          {Number.isSafeInteger(oneIn) && oneIn > 1 && oneIn < 1e9 && (
            <small>one in {oneIn.toLocaleString('en-US')}</small>
          )}
        </Fact>
        <Fact name="log p">
          {score === null ? '–' : natsText(score.logDensityNats)} <small>nats</small>
        </Fact>
      </dl>
    </div>
  );
}

const natsText = (nats: number): string => (Number.isFinite(nats) ? nats.toFixed(2).replace('-', '−') : '−∞');
