/** @jsxRuntime automatic @jsxImportSource preact */
import { createHash } from 'node:crypto';

import type { ComponentChildren } from 'preact';
import { renderToString } from 'preact-render-to-string';

import { formatTime } from '../format.ts';
import { Evaluation } from './evaluation.tsx';
import { reportCss } from './report-css.ts';
import type { ReportData } from './report-data.ts';
import { Candidates } from './candidates.tsx';
import { Alarms, Calibration, Distribution, Event, Learnt, Training } from './sections.tsx';

/**
 * Renders a report as one HTML file: no script, nothing from a network, and a policy that allows
 * its own style alone.
 */
export function reportHtml(data: ReportData): string {
  const style = createHash('sha256').update(reportCss).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>${renderToString(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content={policy} />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{data.title}</title>
        <style dangerouslySetInnerHTML={{ __html: reportCss }} />
      </head>
      <body>
        <Report {...data} />
      </body>
    </html>,
  )}\n`;
}

function Report(data: ReportData) {
  const {
    title,
    lead,
    facts,
    evaluation,
    training,
    alarms,
    pValues,
    distributions,
    events,
    hidden,
    missing,
    warnings,
  } = data;
  return (
    <>
      <header class="top">
        <p class="kicker">Flowline report</p>
        <h1>{title}</h1>
        <p class="muted">{lead}</p>
        <dl class="facts">
          {facts.map(({ name, value }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </header>
      <main>
        <Notes warnings={warnings} missing={missing} />
        {evaluation !== null && (
          <Section name="How well it detects" lead="On rows with labels that the training never saw.">
            <Evaluation evaluation={evaluation} />
          </Section>
        )}
        {events.length > 0 && (
          <Section
            name="The most surprising events"
            lead="Each with the ranges expected of its features, given the rest of it; the most surprising feature first. A diamond lies outside, a disc inside."
          >
            {events.map((event) => (
              <Event key={event.name} event={event} />
            ))}
          </Section>
        )}
        {hidden.length > 0 && (
          <Section
            name="The best-hidden anomalies"
            lead="Labelled anomalies that the model takes for the most normal: what it cannot see, or labels to look at again."
          >
            {hidden.map((event) => (
              <Event key={event.name} event={event} />
            ))}
          </Section>
        )}
        {(alarms !== null || pValues !== null) && (
          <Section name="How honest it is" lead="The rate of alarms that was asked for, and the one measured.">
            <div class="grid">
              {alarms !== null && <Alarms alarms={alarms} />}
              {pValues !== null && <Calibration pValues={pValues} />}
            </div>
          </Section>
        )}
        {distributions.length > 0 && (
          <Section
            name="Samples against the data"
            lead="Bars: the data. Dashes: events drawn from the model. The features that differ most come first."
          >
            <div class="grid three">
              {distributions.map((each) => (
                <Distribution key={each.feature} {...each} />
              ))}
            </div>
          </Section>
        )}
        {(data.features.length > 0 || training.length > 0) && (
          <Section
            name="What was learnt"
            lead={`${data.features.length} ${data.features.length === 1 ? 'column' : 'columns'}.`}
          >
            <div class="grid">
              {training.map((curves, i) => (
                <Training key={i} curves={curves} index={i} of={training.length} />
              ))}
              <Learnt {...data} />
              {data.candidates.length > 0 && <Candidates candidates={data.candidates} />}
            </div>
          </Section>
        )}
      </main>
      <footer>
        <code>{data.command}</code>
        {` · ${formatTime(data.madeAtMs)}`}
      </footer>
    </>
  );
}

function Section({
  name,
  lead,
  children,
}: {
  readonly name: string;
  readonly lead: string;
  readonly children: ComponentChildren;
}) {
  return (
    <section>
      <h2>{name}</h2>
      <p class="muted">{lead}</p>
      {children}
    </section>
  );
}

function Notes({ warnings, missing }: Pick<ReportData, 'warnings' | 'missing'>) {
  if (warnings.length + missing.length === 0) return null;
  return (
    <section>
      <h2>Read this first</h2>
      <ul class="notes">
        {[...warnings, ...missing].map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </section>
  );
}
