import { useState } from 'preact/hooks';

/** Command line that does what the page shows, to copy. */
export function Cli({ command }: { readonly command: string }) {
  const [state, setState] = useState<'copy' | 'copied' | 'failed'>('copy');
  const copy = (): void => {
    const done = (next: 'copied' | 'failed') => () => {
      setState(next);
      setTimeout(() => setState('copy'), 2_000);
    };
    navigator.clipboard.writeText(command).then(done('copied'), done('failed'));
  };
  const words = { copy: 'Copy', copied: 'Copied', failed: 'Select it by hand' };
  return (
    <div class="cli">
      <code tabIndex={0}>{command}</code>
      <button type="button" class="button" onClick={copy} aria-label={`Copy the command ${command}`}>
        <span aria-live="polite">{words[state]}</span>
      </button>
    </div>
  );
}

/** Argument of a command line as a shell reads it. */
export const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
