import { formatDuration, formatTime } from '../format/times.ts';

const utcOf = (time: Date): string => `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
const titleOf = (time: Date): string => `${formatTime(time)} (${utcOf(time)})`;

/** Time in the zone of the viewer, in UTC on hover. */
export function Time({ at }: { readonly at: string }) {
  const time = new Date(at);
  return (
    <time dateTime={at} title={utcOf(time)}>
      {formatTime(time)}
    </time>
  );
}

/** Length of time since another: `3 min`. */
export function Lasting({ since }: { readonly since: string }) {
  const time = new Date(since);
  return (
    <time dateTime={since} title={titleOf(time)}>
      {formatDuration(Date.now() - time.getTime())}
    </time>
  );
}

/** Time that has passed since another: `3 min ago`. */
export function Ago({ at }: { readonly at: string }) {
  const time = new Date(at);
  return (
    <time dateTime={at} title={titleOf(time)}>
      {formatDuration(Date.now() - time.getTime())} ago
    </time>
  );
}
