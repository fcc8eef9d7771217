import { useEffect, useRef } from 'preact/hooks';

import { navigate } from '../state/router.ts';

interface Actions {
  readonly help: () => void;
  readonly search: () => void;
}

/** Keys of every page, for its help. */
export const keys: readonly (readonly [string, string])[] = [
  ['/', 'search detectors and pages'],
  ['j k', 'next and previous row'],
  ['Enter', 'open the row'],
  ['e', 'explain: open the worst anomaly of an alert'],
  ['f', 'give feedback'],
  ['g o', 'go to the overview'],
  ['g a', 'go to the alerts'],
  ['g i', 'go to the incidents'],
  ['g r', 'go to the rules'],
  ['x', 'choose the row'],
  ['?', 'this help'],
  ['Esc', 'close'],
];

const G_MS = 1_000;

/** Listens to the keys of every page, except while somebody writes. */
export function useKeys(actions: Actions): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    let goneMs = -Infinity;
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
      const isGo = performance.now() - goneMs < G_MS;
      goneMs = event.key === 'g' ? performance.now() : -Infinity;
      const action = isGo ? goTo[event.key] : actionOf(event.key, latest.current);
      if (action === undefined) return;
      event.preventDefault();
      action();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

const goTo: Readonly<Record<string, () => void>> = {
  o: () => navigate('/'),
  a: () => navigate('/alerts'),
  i: () => navigate('/incidents'),
  r: () => navigate('/rules'),
};

function actionOf(key: string, { help, search }: Actions): (() => void) | undefined {
  const actions: Readonly<Record<string, () => void>> = {
    '?': help,
    '/': search,
    j: () => moveRow(1),
    k: () => moveRow(-1),
    e: () => find('[data-explain]')?.click(),
    f: () => find('[data-feedback]')?.focus(),
    x: () => find('tr:focus-within input[type=checkbox]')?.click(),
  };
  return actions[key];
}

const find = (selector: string): HTMLElement | null => document.querySelector<HTMLElement>(selector);

function moveRow(by: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
  const current = rows.indexOf(document.activeElement as HTMLElement);
  const next = rows[current === -1 ? (by > 0 ? 0 : rows.length - 1) : current + by];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName) || inDialog(target);
}

const inDialog = (target: HTMLElement): boolean => target.closest('dialog') !== null;
