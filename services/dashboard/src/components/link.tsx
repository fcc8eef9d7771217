import type { ComponentChildren } from 'preact';

import { addressOf, navigate } from '../state/router.ts';

/** Parts of a link that pages set. */
interface LinkProps {
  readonly to: string;
  readonly children: ComponentChildren;
  readonly class?: string;
  readonly 'aria-current'?: 'page';
  /** Marks a row that the keys j and k reach. */
  readonly 'data-row'?: boolean;
  /** Marks the link that the key e follows. */
  readonly 'data-explain'?: boolean;
}

/** Link to another page, which is shown without loading the document anew. */
export function Link({ to, children, ...rest }: LinkProps) {
  const follow = (event: MouseEvent): void => {
    // Another tab or window is the browser's business.
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a {...rest} href={addressOf(to)} onClick={follow}>
      {children}
    </a>
  );
}
