import { setQuery } from '../state/router.ts';

/** Button to the page after a cursor; nothing on the last one. The browser's Back leads back. */
export function NextPage({ next, words = 'Next page' }: { readonly next: string | null; readonly words?: string }) {
  if (next === null) return null;
  return (
    <button type="button" class="button" onClick={() => setQuery({ after: next }, { isStep: true })}>
      {words}
    </button>
  );
}

/** Button back to the first page; nothing on the first one. */
export function FirstPage({ isLater }: { readonly isLater: boolean }) {
  if (!isLater) return null;
  return (
    <button type="button" class="button" onClick={() => setQuery({ after: null }, { isStep: true })}>
      First page
    </button>
  );
}
