import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** Draws a chart for the width that there is, so that its text keeps its size. */
export function Sized({ height, children }: { readonly height: number; readonly children: (width: number) => VNode }) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const measured = box.current;
    if (measured === null) return;
    const measure = (): void => setWidth(Math.floor(measured.clientWidth));
    measure();
    const resizing = new ResizeObserver(measure);
    resizing.observe(measured);
    return () => resizing.disconnect();
  }, []);
  return (
    <div ref={box} style={{ minHeight: `${height}px`, minWidth: 0, overflow: 'hidden' }}>
      {width > 0 && children(width)}
    </div>
  );
}
