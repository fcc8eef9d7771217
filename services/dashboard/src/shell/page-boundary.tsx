import type { ComponentChildren } from 'preact';
import { useErrorBoundary } from 'preact/hooks';

import { ProblemNote } from '../components/states.tsx';
import { usePlace } from '../state/router.ts';
import { toProblem } from '../state/use-load.ts';

/** Shows the page, or that it failed: the way to the others stays. */
export function PageBoundary({ children }: { readonly children: ComponentChildren }) {
  const { path } = usePlace();
  return <Guarded key={path}>{children}</Guarded>;
}

function Guarded({ children }: { readonly children: ComponentChildren }) {
  const [error, reset] = useErrorBoundary() as [unknown, () => void];
  if (error === undefined) return <>{children}</>;
  return <ProblemNote problem={toProblem(error)} onRetry={reset} />;
}
