import { type Verdict, verdictWords } from '@flowline/alerts';
import type { ListedAlertRow, StoredFeedback } from '@flowline/db';
import { printable } from '@flowline/events';

import type { Problem } from '../problem.ts';
import { type Html, markup } from './html.ts';
import { pageOf } from './page.ts';
import { NAME_CHARACTERS, NOTE_CHARACTERS } from './read-answer.ts';

const SUMMARY_CHARACTERS = 1_000;

const meanings: Readonly<Record<Verdict, string>> = {
  confirmed: 'a real anomaly',
  expected: 'unusual, and no reason to tell anybody',
  false_alarm: 'usual: it should not have been found',
  new_normal: 'a change that stays',
};

/** Page that asks before it records an answer, and tells of the one that counts, if any. */
export function askPage(alert: ListedAlertRow, verdict: Verdict, latest: StoredFeedback | null): string {
  const earlier = latest === null ? [] : [markup`<p>${said(latest)} Your answer would count in its place.</p>`];
  return pageOf(
    `Answer an alert: ${verdictWords(verdict)}`,
    markup`<p>Your answer: <strong>${verdictWords(verdict)}</strong>, ${meanings[verdict]}.</p>
${factsOf(alert)}
${earlier}
<form method="post">
<label for="name">Your name</label>
<input id="name" name="name" required maxlength="${String(NAME_CHARACTERS)}" autocomplete="name">
<label for="note">Note (optional)</label>
<textarea id="note" name="note" rows="3" maxlength="${String(NOTE_CHARACTERS)}"></textarea>
<button type="submit">Record: ${verdictWords(verdict)}</button>
</form>
<p class="small">Nothing is recorded until you press the button.</p>`,
  );
}

/** Page after an answer was recorded. */
export function thanksPage(answer: StoredFeedback): string {
  return pageOf(
    'Thank you',
    markup`<p>${said(answer)} It counts from now on.</p>
${alertId(answer.alertId ?? '')}`,
  );
}

/** Page of a link that has recorded its answer before. */
export function usedPage(own: StoredFeedback, latest: StoredFeedback | null): string {
  const isReplaced = latest !== null && latest.feedbackId !== own.feedbackId;
  return pageOf(
    'This link has been used',
    markup`<p>${said(own)} A link answers once.</p>
${isReplaced ? [markup`<p>Since then: ${said(latest)}</p>`] : []}
${alertId(own.alertId ?? '')}`,
  );
}

/** Page of an alert without data: who may see more says so with a token. */
export function alertPage(id: string): string {
  return pageOf(
    'An alert of Flowline',
    markup`<p>To see it, run <code>flowline alerts show ${id}</code>, or read <code>/v1/alerts/${id}</code> of the API with a token.</p>
${alertId(id)}`,
  );
}

const titles: ReadonlyMap<number, string> = new Map([
  [400, 'The answer is not complete'],
  [403, 'This link is not valid'],
  [404, 'There is nothing here'],
  [410, 'This link has expired'],
  [429, 'Too many requests'],
]);

/** Page of a refusal, or of a failure. */
export function problemPage({ status, detail, remedy, code, requestId }: Problem): string {
  return pageOf(
    titles.get(status) ?? 'This did not work',
    markup`<p>${detail}</p>
${remedy === null ? [] : [markup`<p>${remedy}</p>`]}
<p class="small">${code}, request ${requestId}.${status < 500 ? ' Nothing was recorded.' : ''}</p>`,
  );
}

const said = ({ verdict, by, at, note }: StoredFeedback): Html =>
  markup`<strong>${verdictWords(verdict)}</strong>, by ${printable(by)} at ${at.toISOString()}${note === null ? '' : ` (${printable(note, SUMMARY_CHARACTERS)})`}.`;

const alertId = (id: string): Html => markup`<p class="small">Alert ${id}</p>`;

function factsOf(alert: ListedAlertRow): Html {
  const { detector, entity, severity, state, count, firstSeen, lastSeen, summary } = alert;
  const facts: readonly (readonly [string, string | null])[] = [
    ['Detector', detector],
    ['Entity', entity],
    ['State', `${severity}, ${state}`],
    ['Anomalies', `${String(count)}, ${firstSeen.toISOString()} to ${lastSeen.toISOString()}`],
    ['Summary', summary],
    ['Alert', alert.alertId],
  ];
  const rows = facts.flatMap(([name, value]) =>
    value === null ? [] : [markup`<dt>${name}</dt><dd>${printable(value, SUMMARY_CHARACTERS)}</dd>`],
  );
  return markup`<dl>
${rows}
</dl>`;
}
