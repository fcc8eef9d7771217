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
    // A text that is composed when it is used is no constant, and has no fixed parameters.
    const isFixed = ts.isCallExpression(node) && node.arguments.every((argument) => isKnown(argument, source));
    if (ts.isCallExpression(node) && typeAt !== undefined && isFixed) {
      const sql = node.arguments.map((argument) => textOf(argument, source)).join();
      const type = node.typeArguments?.[typeAt];
      declared.push({ statement: excerpt(sql), parameters: membersOf(type, source).sort() });
      used.push({ statement: excerpt(sql), parameters: [...positional(sql).names].sort() });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { declared, used };
}

/** Names of a type's members: of a literal, an intersection, or an interface of the same file. */
function membersOf(type: ts.TypeNode | undefined, source: ts.SourceFile): string[] {
  if (type === undefined) return [];
  if (ts.isIntersectionTypeNode(type)) return type.types.flatMap((part) => membersOf(part, source));
  if (ts.isTypeLiteralNode(type)) return namesOf(type.members);
  return ts.isTypeReferenceNode(type) ? membersOfInterface(type.typeName.getText(), source) : [];
}

function membersOfInterface(name: string, source: ts.SourceFile): string[] {
  return source.statements.flatMap((statement) => {
    if (!ts.isInterfaceDeclaration(statement) || statement.name.text !== name) return [];
    const bases = statement.heritageClauses?.flatMap(({ types }) => types.map((base) => base.expression.getText()));
    return [...namesOf(statement.members), ...(bases ?? []).flatMap((base) => membersOfInterface(base, source))];
  });
}

const namesOf = (members: readonly ts.TypeElement[]): string[] =>
  members.flatMap(({ name }) => (name === undefined ? [] : [name.getText()]));

const isKnown = (argument: ts.Expression, source: ts.SourceFile): boolean =>
  !ts.isIdentifier(argument) || constantOf(argument.text, source) !== argument.text;

/** SQL of an argument, with the constants of the file that it is composed of. */
function textOf(argument: ts.Expression, source: ts.SourceFile): string {
  if (ts.isIdentifier(argument)) return constantOf(argument.text, source);
  return argument
    .getText()
    .slice(1, -1)
    .replace(/\$\{(\w+)\}/g, (_, name: string) => constantOf(name, source));
}

/** Text of a constant of the file; its name for one from elsewhere, which has no parameters. */
function constantOf(name: string, source: ts.SourceFile): string {
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name: declared, initializer } of statement.declarationList.declarations) {
      if (declared.getText() === name && initializer !== undefined) return textOf(initializer, source);
    }
  }
  return name;
}

describe.each(files)('the statements of %s', (file) => {
  const { declared, used } = statementsOf(file);

  it('use the parameters of their types, and no others', () => {
    // A file of statements that are composed when they are used has no fixed ones.
    const isComposed = readFileSync(path.join(import.meta.dirname, file), 'utf8').includes('selectWhere<');
    expect(used.length > 0 || isComposed).toBe(true);
    expect(used).toEqual(declared);
  });
});
