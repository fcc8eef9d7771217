import { setQuery } from '../state/router.ts';

/** Button to the page after a cursor; nothing on the last one. */
export function NextPage({ next }: { readonly next: string | null }) {
  if (next === null) return null;
  return (
    <button type="button" class="button" onClick={() => setQuery({ after: next })}>
      Next page
    </button>
  );
}

/** Button back to the first page; nothing on the first one. */
export function FirstPage({ isLater }: { readonly isLater: boolean }) {
  if (!isLater) return null;
  return (
    <button type="button" class="button" onClick={() => setQuery({ after: null })}>
      First page
    </button>
  );
}
