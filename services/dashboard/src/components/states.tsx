import type { ComponentChildren, VNode } from 'preact';

import type { ApiProblem } from '../client/call.ts';
import { formatDuration } from '../format/times.ts';
import type { Loaded } from '../state/use-load.ts';

/** Problem, with what to do about it. */
export function ProblemNote({ problem, onRetry }: { readonly problem: ApiProblem; readonly onRetry?: () => void }) {
  return (
    <div class="note note-bad" role="alert">
      <strong>{problem.message}</strong>
      {problem.remedy !== null && <span>{problem.remedy}</span>}
      <span class="muted small">
        {problem.code}
        {problem.where === null ? '' : ` · ${problem.where}`}
      </span>
      {onRetry !== undefined && (
        <div>
          <button type="button" class="button" onClick={onRetry}>
            Try again
          </button>
        </div>
      )}
    </div>
  );
}

/** Nothing to show, with the next step. */
export function Blank({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="blank">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

/** Place of what is on its way, of about its height. */
export function Skeleton({ height = 180 }: { readonly height?: number }) {
  return <div class="skeleton" style={{ height: `${height}px` }} role="status" aria-label="Loading" />;
}

/**
 * Shows data as far as they are there: their place while they are on their way, a problem with a
 * remedy, and a note where they could not be renewed.
 */
export function Show<Value>({
  loaded,
  reload,
  height,
  children,
}: {
  readonly loaded: Loaded<Value>;
  readonly reload: () => void;
  readonly height?: number;
  readonly children: (value: Value) => VNode | null;
}) {
  if (loaded.state === 'loading') return <Skeleton {...(height === undefined ? {} : { height })} />;
  if (loaded.state === 'failed') return <ProblemNote problem={loaded.problem} onRetry={reload} />;
  return (
    <>
      {loaded.problem !== null && (
        <div class="note note-warning" role="status">
          <span>
            Not renewed for {formatDuration(Date.now() - loaded.at)}: {loaded.problem.message}
          </span>
          {loaded.problem.remedy !== null && <span class="muted small">{loaded.problem.remedy}</span>}
        </div>
      )}
      {children(loaded.value)}
    </>
  );
}
