import type { ReportData } from '@flowline/charts/report';

const hostile =
  '</title></style><script>document.title = "run"</script><img src=http://example.com/x onerror=alert(1)>';
const long = 'n'.repeat(250);
const points = [0, 1, 2].map((x) => ({ x, y: 2 - x / 2 }));
const method = { auroc: 0.9, averagePrecision: 0.5, recallAt1Percent: 0.4, seconds: 1 };

/** Report whose texts are markup or long, with every section. */
export const hostileReport: ReportData = {
  ...{ title: hostile, lead: hostile, command: hostile, madeAtMs: 0 },
  facts: [{ name: 'trained on', value: '1,000 rows' }],
  features: Array.from({ length: 8 }, (_, i) => ({ name: `${long}${i}`, type: 'real', note: hostile })),
  leftOut: [{ name: hostile, reason: hostile }],
  candidates: [
    { name: hostile, parameters: 1, gainNats: 0, gainStandardError: 0, chosen: true, reason: hostile },
    { name: 'failed', parameters: 2, gainNats: null, gainStandardError: null, chosen: false, reason: hostile },
  ],
  training: [{ train: points, validation: points, bestStep: 1, stoppedBy: 'patience' }],
  alarms: {
    ...{ of: 'rows', rows: 1_000, alarms: 20, expectedRate: 0.01, expected: { low: 0.005, high: 0.02 } },
    ...{ measured: { low: 0.013, high: 0.03 }, verdict: 'More alarms than requested.', isKept: false },
  },
  pValues: { of: 'rows', rows: 1_000, shares: new Array<number>(20).fill(0.05), tail: points },
  distributions: [
    {
      feature: long,
      edges: [0, 1, 2],
      levels: [],
      data: [0.5, 0.5],
      model: [0.4, 0.6],
      missing: { data: 0, model: 0.1 },
      distance: 0.1,
    },
    {
      feature: hostile,
      edges: null,
      levels: [hostile, 'b'],
      data: [0.5, 0.5],
      model: [1, 0],
      missing: { data: 0, model: 0 },
      distance: 0.5,
    },
  ],
  events: [
    {
      ...{ name: 'row 1', summary: hostile, bits: 20, pValue: 1e-6 },
      features: [
        {
          feature: long,
          observedText: '9',
          expectedText: '1–3',
          observed: 9,
          median: 2,
          ranges: [{ low: 1, high: 3 }],
          bits: 9,
        },
        {
          feature: hostile,
          observedText: hostile,
          expectedText: '',
          observed: null,
          median: null,
          ranges: [],
          bits: null,
        },
      ],
    },
  ],
  evaluation: {
    methods: [
      { ...method, name: 'flowline', isOurs: true },
      { ...method, name: hostile, isOurs: false },
    ],
    seeds: [{ ...method, name: 'seed 0', isOurs: true }],
    roc: [
      {
        name: 'seed 0',
        isOurs: true,
        points: [
          { x: 0, y: 0 },
          { x: 1, y: 1 },
        ],
      },
    ],
    precision: [
      {
        name: 'seed 0',
        isOurs: true,
        points: [
          { x: 0, y: 1 },
          { x: 1, y: 0.1 },
        ],
      },
    ],
    ...{ anomalyShare: 0.1, alarms: { asked: 0.01, realised: 0.012 } },
  },
  hidden: [],
  missing: [hostile],
  warnings: [`${hostile} again`],
};
