import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { root, sourcesOf } from '../support/imports';
import { glossaryTable, retired, terms } from './glossary';
import { fits } from './plan';

const files = ['nodes', 'lib', 'sandbox'].flatMap(sourcesOf);

interface Declared {
  file: string;
  /** of the module and of its classes and interfaces: local variables are nobody else's vocabulary */
  names: Set<string>;
  /** module constants with a number for a value */
  numbers: { name: string; value: string }[];
}

const declared: Declared[] = files.map((file) => {
  const source = ts.createSourceFile(file, readFileSync(path.join(root, file), 'utf8'), ts.ScriptTarget.Latest, true);
  const names = new Set<string>();
  const numbers: Declared['numbers'] = [];
  const add = (name: ts.Node | undefined) => {
    if (name && (ts.isIdentifier(name) || ts.isPrivateIdentifier(name))) names.add(name.text);
  };
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement)) {
      for (const { name, initializer } of statement.declarationList.declarations) {
        add(name);
        if (initializer && isNumber(initializer)) numbers.push({ name: name.getText(), value: initializer.getText() });
      }
    } else if (ts.isFunctionDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) add(statement.name);
    else if (ts.isClassDeclaration(statement) || ts.isInterfaceDeclaration(statement)) {
      add(statement.name);
      for (const { name } of statement.members) add(name);
    }
  }
  return { file, names, numbers };
});

/** A number, or a product or sum of numbers. */
function isNumber(value: ts.Expression): boolean {
  if (ts.isNumericLiteral(value)) return true;
  if (ts.isParenthesizedExpression(value)) return isNumber(value.expression);
  return ts.isBinaryExpression(value) && isNumber(value.left) && isNumber(value.right);
}

/** @returns where names are declared that a room must not have */
function found(where: string, names: readonly string[]): string[] {
  return declared
    .filter(({ file }) => fits(where, file))
    .flatMap(({ file, names: there }) => names.filter((name) => there.has(name)).map((name) => `${file}: ${name}`));
}

describe('the glossary', () => {
  it('is printed in CONTRIBUTING', () => {
    const text = readFileSync(path.join(root, 'CONTRIBUTING.md'), 'utf8');
    assert.ok(text.includes(glossaryTable()), `CONTRIBUTING.md must hold this table:\n\n${glossaryTable()}\n`);
  });

  for (const { use, where, not } of terms) {
    it(`${use.join(', ')}: is what ${where} says, and ${not.join(', ') || 'nothing else'} is not`, () => {
      const there = declared.filter(({ file }) => fits(where, file));
      assert.deepEqual(
        use.filter((name) => !there.some(({ names }) => names.has(name))),
        [],
        'in the glossary and not in the code',
      );
      assert.deepEqual(found(where, not), []);
    });
  }

  it('retired names have not come back', () => {
    assert.deepEqual(
      retired.flatMap(([where, ...names]) => found(where, names)),
      [],
    );
  });

  it('numbers of a module are constants in upper case', () => {
    const odd = declared.flatMap(({ file, numbers }) =>
      numbers
        .filter(({ name }) => !/^[A-Z][A-Z0-9_]*$/.test(name))
        .map(({ name, value }) => `${file}: ${name} = ${value}`),
    );
    assert.deepEqual(odd, []);
  });

  it('delays say their unit: DELAY_MS, TIMEOUT_S', () => {
    const measures = /(^|_)(TIMEOUT|DELAY|INTERVAL|TTL|AGE|WAIT|DEADLINE|IDLE|BUSY|CUTOFF|PERIOD|LIFE)$/;
    const odd = declared.flatMap(({ file, numbers }) =>
      numbers.filter(({ name }) => measures.test(name)).map(({ name }) => `${file}: ${name}`),
    );
    assert.deepEqual(odd, []);
  });
});
