import { formatDuration, formatTime } from '../format/times.ts';

/** Time in the zone of the viewer, in UTC on hover. */
export function Time({ at }: { readonly at: string }) {
  const time = new Date(at);
  return (
    <time dateTime={at} title={`${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`}>
      {formatTime(time)}
    </time>
  );
}

/** Time that has passed since another: `3 min ago`. */
export function Ago({ at }: { readonly at: string }) {
  const time = new Date(at);
  return (
    <time dateTime={at} title={`${formatTime(time)} (${time.toISOString().slice(0, 19).replace('T', ' ')} UTC)`}>
      {formatDuration(Date.now() - time.getTime())} ago
    </time>
  );
}
