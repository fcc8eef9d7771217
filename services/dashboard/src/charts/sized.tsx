import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** Width below which a chart has no room beside its axis. */
const LEAST_WIDTH = 80;

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
      {width >= LEAST_WIDTH && children(width)}
    </div>
  );
}
