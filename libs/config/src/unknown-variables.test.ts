import { describe, expect, it } from '@jest/globals';

import { unknownVariables } from './unknown-variables.ts';

describe('unknownVariables', () => {
  it('names what is misspelt with what was meant, and quotes no value', () => {
    expect(
      unknownVariables({
        FLOWLINE_DATABSE_URL: 's3cret',
        FLOWLINE_LOGLEVEL: 'debug',
        FLOWLINE_COFFEE: 'strong',
      }),
    ).toEqual([
      'FLOWLINE_DATABSE_URL is set, but there is no such setting; did you mean FLOWLINE_DATABASE_URL?',
      'FLOWLINE_LOGLEVEL is set, but there is no such setting; did you mean FLOWLINE_LOG_LEVEL?',
      'FLOWLINE_COFFEE is set, but there is no such setting',
    ]);
  });

  it('leaves alone settings, what they refer to, what others read, and what is empty', () => {
    expect(
      unknownVariables({
        FLOWLINE_DATABASE_URL: 'env:FLOWLINE_PRODUCTION',
        FLOWLINE_PRODUCTION: 'postgres://db/flow',
        FLOWLINE_TEST_BACKEND: 'native',
        FLOWLINE_KAFKA_PORT: '9092',
        FLOWLINE_SCORER_SERVICE_HOST: '10.0.0.1',
        FLOWLINE_SCORER_PORT: 'tcp://10.0.0.1:80',
        FLOWLINE_SCORER_PORT_80_TCP_ADDR: '10.0.0.1',
        FLOWLINE_EMPTY: '',
        PATH: '/bin',
      }),
    ).toEqual([]);
  });
});
