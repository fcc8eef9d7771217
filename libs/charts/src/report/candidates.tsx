/** @jsxRuntime automatic @jsxImportSource preact */
import { formatCount, formatValue } from '../format.ts';
import type { ReportData } from './report-data.ts';

/** Candidates that the model was chosen from, with their likelihood against the best. */
export function Candidates({ candidates }: Pick<ReportData, 'candidates'>) {
  return (
    <div class="card columns" tabIndex={0} role="region" aria-label="Candidates">
      <table>
        <thead>
          <tr>
            <th scope="col">candidate</th>
            <th scope="col">parameters</th>
            <th scope="col">nats against the best</th>
            <th scope="col">chosen or not</th>
          </tr>
        </thead>
        <tbody>
          {candidates.map(({ name, parameters, gainNats, gainStandardError, chosen, reason }) => (
            <tr key={name}>
              <td>{chosen ? <strong>{name}</strong> : name}</td>
              <td>{formatCount(parameters)}</td>
              <td>
                {gainNats === null || gainStandardError === null
                  ? ''
                  : `${formatValue(gainNats)} ± ${formatValue(gainStandardError)}`}
              </td>
              <td class="muted">{reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
