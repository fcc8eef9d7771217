import type { ChartPoint } from '../charts/time-series.tsx';
import { call, type Reply } from '../client/call.ts';
import { formatBits } from '../format/numbers.ts';
import { navigate } from '../state/router.ts';

type Points = Reply<'GET /v1/detectors/{detector}/timeline/anomalies'>['points'];

/** Anomalies as points of a chart; each is described once somebody points at it. */
export const chartPoints = (points: Points): ChartPoint[] =>
  points.map(({ anomalyId, eventTime, surpriseBits }) => {
    const label = `${formatBits(surpriseBits)} bits`;
    return {
      ...{ at: eventTime, bits: surpriseBits, label },
      describe: async () => {
        const { summary } = await call('GET /v1/anomalies/{anomalyId}', { params: { anomalyId } });
        return `${label}: ${summary}`;
      },
      onOpen: () => navigate(`/anomalies/${anomalyId}`),
    };
  });
