import { Dialog } from './dialog.tsx';
import { keys } from './keys.ts';

/** Keys that the pages know. */
export function HelpDialog({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <h2>Keyboard</h2>
      <dl class="keys">
        {keys.map(([key, meaning]) => (
          <>
            <dt>
              {key.split(' ').map((one) => (
                <>
                  <kbd>{one}</kbd>{' '}
                </>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </>
        ))}
      </dl>
      <p class="muted small">In a score timeline, drag to zoom and double-click to see all of it again.</p>
    </Dialog>
  );
}
