import { plural } from '../format/numbers.ts';

type Spec = Readonly<Record<string, unknown>>;

interface RuleSpec {
  readonly when: string;
  readonly then: {
    readonly suppress?: true;
    readonly downgrade?: string;
    readonly tag?: Readonly<Record<string, string>>;
    readonly excludeFromTraining?: true;
  };
}

interface CalendarSpec {
  readonly timezone: string;
  readonly events?: readonly { readonly start: string; readonly duration: string; readonly rrule?: string }[];
  readonly alerts?: boolean;
  readonly training?: boolean;
}

const MOST_SHOWN = 3;

/** Cells of a rule: its condition and its actions. */
export function RuleCells({ spec }: { readonly spec: Spec }) {
  const { when, then } = spec as unknown as RuleSpec;
  const actions = [
    ...(then.suppress === true ? ['suppress'] : []),
    ...(then.downgrade === undefined ? [] : [`at most ${then.downgrade}`]),
    ...Object.entries(then.tag ?? {}).map(([name, value]) => `${name}: ${value}`),
    ...(then.excludeFromTraining === true ? ['not trained on'] : []),
  ];
  return (
    <>
      <td data-name="When" class="main-cell">
        <code class="clip">{when}</code>
      </td>
      <td data-name="Then" class="chips-cell">
        <Chips words={actions} />
      </td>
    </>
  );
}

/** Cells of a calendar: its times, and what is so within them. */
export function CalendarCells({ spec }: { readonly spec: Spec }) {
  const { timezone, events, alerts, training } = spec as unknown as CalendarSpec;
  const effects = [
    ...(alerts === false ? ['no alerts'] : []),
    ...(training === false ? ['not trained on'] : []),
    ...(alerts === false || training === false ? [] : ['a name for rules']),
  ];
  return (
    <>
      <td data-name="Times" class="main-cell">
        {events === undefined ? (
          'an .ics file'
        ) : (
          <ul>
            {events.slice(0, MOST_SHOWN).map(({ start, duration, rrule }, i) => (
              <li key={i} class="clip">
                {start.replace('T', ' ')}, {duration}
                {rrule !== undefined && <span class="muted small"> {rrule}</span>}
              </li>
            ))}
            {events.length > MOST_SHOWN && <li class="muted">and {plural(events.length - MOST_SHOWN, 'other')}</li>}
          </ul>
        )}
        <div class="small muted">{timezone}</div>
      </td>
      <td data-name="Within it" class="chips-cell">
        <Chips words={effects} />
      </td>
    </>
  );
}

/** Detectors, entities and features that a rule or a calendar is limited to. */
export function Scope({ spec }: { readonly spec: Spec }) {
  const parts = (['detectors', 'entities', 'features'] as const).flatMap((part) => {
    const names = spec[part] as readonly string[] | undefined;
    if (names === undefined) return [];
    const more = names.length > MOST_SHOWN ? ` and ${plural(names.length - MOST_SHOWN, 'other')}` : '';
    return [{ part, text: names.slice(0, MOST_SHOWN).join(', ') + more }];
  });
  if (parts.length === 0) return <span class="muted">all detectors</span>;
  return (
    <ul>
      {parts.map(({ part, text }) => (
        <li key={part} class="clip">
          <span class="muted small">{part}</span> {text}
        </li>
      ))}
    </ul>
  );
}

function Chips({ words }: { readonly words: readonly string[] }) {
  return (
    <span class="actions">
      {words.map((one) => (
        <span key={one} class="chip chip-text">
          {one}
        </span>
      ))}
    </span>
  );
}
