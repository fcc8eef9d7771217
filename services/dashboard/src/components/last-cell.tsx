import { formatDuration } from '../format/times.ts';
import { Time } from './time.tsx';

/** Cell with the time of the last of some anomalies, and how long they went on. */
export function LastCell({ firstSeen, lastSeen }: { readonly firstSeen: string; readonly lastSeen: string }) {
  const lasted = Date.parse(lastSeen) - Date.parse(firstSeen);
  return (
    <td data-name="Last">
      <Time at={lastSeen} />
      {lasted >= 1_000 && <div class="small muted">over {formatDuration(lasted)}</div>}
    </td>
  );
}
