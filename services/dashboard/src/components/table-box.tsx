import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** Place of a table, which scrolls, also by keyboard, where it is wider than its place. */
export function TableBox({ children }: { readonly children: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null);
  const [isWide, setWide] = useState(false);
  useEffect(() => {
    const shown = box.current;
    if (shown === null) return;
    const measure = (): void => setWide(shown.scrollWidth > shown.clientWidth);
    measure();
    const resizing = new ResizeObserver(measure);
    resizing.observe(shown);
    for (const child of shown.children) resizing.observe(child);
    return () => resizing.disconnect();
  }, []);
  const scrolling = isWide ? ({ tabIndex: 0, role: 'region', 'aria-label': 'Table that scrolls' } as const) : {};
  return (
    <div class="table-box" ref={box} {...scrolling}>
      {children}
    </div>
  );
}
