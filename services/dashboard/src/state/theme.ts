import { createStore } from './store.ts';

/** Choice of colours: that of the system, or one of a person. */
export type ThemeChoice = 'system' | 'light' | 'dark';

const KEY = 'flowline.theme';
const choices: readonly ThemeChoice[] = ['system', 'light', 'dark'];
const dark = matchMedia('(prefers-color-scheme: dark)');

const stored = (): ThemeChoice => choices.find((choice) => choice === localStorage.getItem(KEY)) ?? 'system';
const inUse = (choice: ThemeChoice): 'light' | 'dark' =>
  choice === 'system' ? (dark.matches ? 'dark' : 'light') : choice;

/** Choice of colours of this browser. */
export const themeChoice = createStore<ThemeChoice>(stored());
/** Colours in use, for charts that are drawn on a canvas. */
export const theme = createStore<'light' | 'dark'>(inUse(stored()));

function apply(): void {
  const used = inUse(themeChoice.get());
  document.documentElement.dataset.theme = used;
  theme.set(used);
}

/** Uses the choice of this browser from now on, and follows the system. */
export function beginTheme(): void {
  apply();
  dark.addEventListener('change', apply);
  themeChoice.subscribe((choice) => {
    localStorage.setItem(KEY, choice);
    apply();
  });
}

/** Takes the next choice. */
export function nextTheme(): void {
  const next = (choices.indexOf(themeChoice.get()) + 1) % choices.length;
  themeChoice.set(choices.at(next) ?? 'system');
}
