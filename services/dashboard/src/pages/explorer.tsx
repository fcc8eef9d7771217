import { Cli } from '../components/cli.tsx';
import { Card } from '../components/parts.tsx';
import { Blank, Show } from '../components/states.tsx';
import { Explorer } from '../explorer/explorer.tsx';
import { loadExplorer } from '../explorer/load-explorer.ts';
import { usePlace } from '../state/router.ts';
import { useLoad } from '../state/use-load.ts';
import { DetectorFrame } from './detector-frame.tsx';

/** Density that a model has learned, over two of its features. */
export function ExplorerPage({ name }: { readonly name: string }) {
  const asked = usePlace().query.get('model');
  const version = asked !== null && /^[1-9]\d{0,8}$/.test(asked) ? Number(asked) : null;
  const { loaded, reload } = useLoad(`${name} ${version ?? ''}`, (signal) => loadExplorer(name, version, signal));
  return (
    <DetectorFrame name={name} current="explorer">
      <Show loaded={loaded} reload={reload} height={520}>
        {(explored) =>
          explored === null ? (
            <Card title="Explorer">
              <Blank title="There is no model yet.">
                <span>The trainer makes the first one on its schedule, or at once:</span>
                <Cli command={`flowline train ${name}`} />
              </Blank>
            </Card>
          ) : (
            <Explorer key={explored.version} name={name} explored={explored} />
          )
        }
      </Show>
      <Cli command={`flowline sample ${name}`} />
    </DetectorFrame>
  );
}
