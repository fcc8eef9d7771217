/** Ids that are chosen among those of a page, and how to choose others. */
export interface Choice {
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (ids: ReadonlySet<string>) => void;
}

/** Head of a column of check boxes, which chooses all rows of a page or none. */
export function ChoiceHead({
  choice: { chosen, onChoose },
  ids,
  label,
}: {
  readonly choice: Choice;
  readonly ids: readonly string[];
  readonly label: string;
}) {
  const isAll = ids.every((id) => chosen.has(id));
  return (
    <th scope="col">
      <input type="checkbox" aria-label={label} checked={isAll} onChange={() => onChoose(new Set(isAll ? [] : ids))} />
    </th>
  );
}

/** Check box of a row. */
export function ChoiceCell({
  choice: { chosen, onChoose },
  id,
  label,
}: {
  readonly choice: Choice;
  readonly id: string;
  readonly label: string;
}) {
  return (
    <td>
      <input
        type="checkbox"
        aria-label={label}
        checked={chosen.has(id)}
        onChange={() => onChoose(toggled(chosen, id))}
      />
    </td>
  );
}

/** Set with an element more, or without it if it was there. */
function toggled(set: ReadonlySet<string>, one: string): ReadonlySet<string> {
  const changed = new Set(set);
  if (!changed.delete(one)) changed.add(one);
  return changed;
}
