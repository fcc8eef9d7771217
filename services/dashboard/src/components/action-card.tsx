import type { ComponentChildren, VNode } from 'preact';

import { mayOperate, session } from '../client/session.ts';
import { useStore } from '../state/store.ts';
import type { Loaded } from '../state/use-load.ts';
import { Card } from './parts.tsx';
import { Blank, ProblemNote, Show } from './states.tsx';
import { useAction } from './use-action.ts';

/** Action that a card offers to whoever may operate. */
interface CardAction {
  readonly words: string;
  /** Consequence that the words do not say. */
  readonly hint?: string;
  /** True for an action upon what the card lists: without anything there, it cannot be taken. */
  readonly isOfList: boolean;
  readonly run: () => Promise<unknown>;
}

/** Card with a list and an action beside its title, and the problem if the action fails. */
export function ActionCard<Value extends { readonly items: readonly unknown[] }>({
  title,
  action,
  note,
  loaded,
  reload,
  height,
  none,
  children,
}: {
  readonly title: string;
  readonly action: CardAction;
  /** Controls before the action. */
  readonly note?: ComponentChildren;
  readonly loaded: Loaded<Value>;
  readonly reload: () => void;
  readonly height: number;
  /** Words in place of an empty list. */
  readonly none: string;
  readonly children: (value: Value) => VNode;
}) {
  const may = mayOperate(useStore(session));
  const { isBusy, problem, run } = useAction(reload);
  const isEmpty = loaded.state !== 'ready' || loaded.value.items.length === 0;
  const button = (
    <button
      type="button"
      class="button"
      disabled={isBusy || (action.isOfList && isEmpty)}
      title={action.hint}
      onClick={() => run(action.run)}
    >
      {action.words}
    </button>
  );
  return (
    <Card
      title={title}
      flush
      note={
        <span class="actions">
          {note}
          {may && button}
        </span>
      }
    >
      {problem !== null && (
        <div class="card-body">
          <ProblemNote problem={problem} />
        </div>
      )}
      <Show loaded={loaded} reload={reload} height={height}>
        {(value) => (value.items.length === 0 ? <Blank title={none} /> : children(value))}
      </Show>
    </Card>
  );
}
