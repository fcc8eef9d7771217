import { fileURLToPath } from 'node:url';

import { describe, expect, it, jest } from '@jest/globals';

const root = fileURLToPath(new URL('..', import.meta.url));
const { selectProjects } = (await import(new URL('jest-projects.mjs', import.meta.url).href)) as {
  readonly selectProjects: (command: string, args: readonly string[], root: string) => readonly string[];
};

function select(command: string, ...args: string[]): { readonly projects: readonly string[]; readonly said: string } {
  const said = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  try {
    return { projects: selectProjects(command, args, root).slice(1), said: said.mock.calls.flat().join('\n') };
  } finally {
    said.mockRestore();
  }
}

describe('the projects of a command', () => {
  it.each([
    ['jest', [], []],
    ['jest:unit', [], ['unit']],
    ['jest:proofs', [], ['proofs']],
    ['jest:servers', [], ['integration', 'e2e']],
    ['jest:unit', ['libs/flows/src/rows.test.ts'], ['unit']],
    ['jest:unit', ['-t', 'resume'], ['unit']],
    ['jest:unit', ['no-such-file'], ['unit']],
  ])('%s %j: %j', (command, args, projects) => {
    expect(select(command, ...args)).toEqual({ projects, said: '' });
  });

  it.each(['libs/flows/src/training/resume', './libs/flows/src/training/resume.proof.test.ts'])(
    'a proof given as a unit test is run, with a note: %s',
    (file) => {
      expect(select('jest:unit', file)).toEqual({
        projects: ['proofs'],
        said: 'No unit test, but a proof: npm run test:proofs',
      });
    },
  );

  it('a folder of both is its unit tests, with a note', () => {
    const { projects, said } = select('jest:unit', 'libs/flows/src/training');
    expect(projects).toEqual(['unit']);
    expect(said).toMatch(/^Without its \d+ proofs: npm run test:proofs -- libs\/flows\/src\/training$/);
  });
});
