import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

import { excerpt } from '../excerpt.ts';
import { positional } from '../named-parameters.ts';

const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));

/** Index of the type argument that names the parameters. */
const PARAMETERS_AT: Readonly<Record<string, number>> = { one: 1, maybe: 1, many: 1, execute: 0 };

interface Named {
  readonly statement: string;
  readonly parameters: readonly string[];
}

/** Parameters of every statement of a file, as its type declares them and as its text uses them. */
function statementsOf(file: string): { readonly declared: Named[]; readonly used: Named[] } {
  const text = readFileSync(path.join(import.meta.dirname, file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);
  const declared: Named[] = [];
  const used: Named[] = [];
  const visit = (node: ts.Node): void => {
    const typeAt = ts.isCallExpression(node) ? PARAMETERS_AT[node.expression.getText()] : undefined;
    if (ts.isCallExpression(node) && typeAt !== undefined) {
      const sql = node.arguments.map((argument) => argument.getText().slice(1, -1)).join();
      const type = node.typeArguments?.[typeAt];
      const members = type !== undefined && ts.isTypeLiteralNode(type) ? type.members : [];
      const names = members.flatMap(({ name }) => (name === undefined ? [] : [name.getText()]));
      declared.push({ statement: excerpt(sql), parameters: names.sort() });
      used.push({ statement: excerpt(sql), parameters: [...positional(sql).names].sort() });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { declared, used };
}

describe.each(files)('the statements of %s', (file) => {
  const { declared, used } = statementsOf(file);

  it('use the parameters of their types, and no others', () => {
    expect(used).not.toHaveLength(0);
    expect(used).toEqual(declared);
  });
});
