// Which callbacks have no caller who would catch an error. Read from the syntax alone, without types.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { root, sourcesOf } from '../support/imports';

/** A callback, or a promise that nobody waits for. */
export interface Unfenced {
  file: string;
  line: number;
  /** as it is written, in one line */
  text: string;
}

const TIMERS = new Set(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'nextTick']);
const LISTENING = new Set(['on', 'once', 'addListener', 'prependListener', 'addEventListener']);
/** Methods that throw nothing, and call nobody who might: a listener of an abort is a callback of its own. */
const HARMLESS = new Set(
  'clearTimeout clearInterval clearImmediate removeEventListener removeListener off delete clear add abort destroy unref resume'.split(
    ' ',
  ),
);

/** @returns the files whose callbacks run in Node-RED, not in the browser */
export function serverFiles(): string[] {
  return ['lib', 'nodes'].flatMap(sourcesOf).filter((file) => !/^nodes\/(?:kit\/editor|sidebar)\//.test(file));
}

/** @returns what of a file no fence stands around */
export function unfencedIn(file: string, source = readFileSync(path.join(root, file), 'utf8')): Unfenced[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const found: Unfenced[] = [];
  const report = (node: ts.Node) =>
    found.push({
      file,
      line: tree.getLineAndCharacterOfPosition(node.getStart()).line + 1,
      text: node.getText().replace(/\s+/g, ' '),
    });
  const visit = (node: ts.Node): void => {
    const callback = ts.isCallExpression(node) ? callbackOf(node) : undefined;
    if (callback && !isFenced(callback)) report(callback);
    if (ts.isVoidExpression(node) && !isCaught(node.expression)) report(node);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function nameOf(node: ts.Expression): string {
  if (ts.isIdentifier(node)) return node.text;
  return ts.isPropertyAccessExpression(node) ? node.name.text : '';
}

/** @returns the argument of a timer or a listener that is called later, from nowhere */
function callbackOf({ expression, arguments: given }: ts.CallExpression): ts.Expression | undefined {
  const name = nameOf(expression);
  if (TIMERS.has(name)) return given[0];
  if (!LISTENING.has(name) || !ts.isPropertyAccessExpression(expression) || given.length < 2) return undefined;
  // Node-RED catches what its own listeners throw.
  const isNode = /(?:^|#)node$/.test(expression.expression.getText());
  return isNode ? undefined : given[1];
}

function isFenced(callback: ts.Expression): boolean {
  if (ts.isCallExpression(callback)) return /^#?fenced?$/.test(nameOf(callback.expression));
  if (ts.isIdentifier(callback)) return isResolver(callback) || isFencedIf(declared(callback));
  if (ts.isPropertyAccessExpression(callback)) return isFencedIf(member(callback));
  if (!ts.isArrowFunction(callback)) return false;
  const { body } = callback;
  return ts.isBlock(body) ? body.statements.every(isHarmless) : isHarmlessExpression(body);
}

function isFencedIf(initializer: ts.Expression | undefined): boolean {
  return initializer !== undefined && isFenced(initializer);
}

function isHarmless(statement: ts.Statement): boolean {
  if (ts.isExpressionStatement(statement)) return isHarmlessExpression(statement.expression);
  if (ts.isReturnStatement(statement)) return statement.expression === undefined;
  if (!ts.isIfStatement(statement)) return false;
  return isPlain(statement.expression) && isHarmless(statement.thenStatement) && !statement.elseStatement;
}

function isHarmlessExpression(expression: ts.Expression): boolean {
  if (isPlain(expression)) return true;
  if (ts.isBinaryExpression(expression)) return isPlain(expression.left) && isPlain(expression.right);
  if (!ts.isCallExpression(expression)) return false;
  if (!expression.arguments.every(isPlain)) return false;
  const called = expression.expression;
  return HARMLESS.has(nameOf(called)) || (ts.isIdentifier(called) && isResolver(called));
}

/** Reads and calls nothing. */
function isPlain(expression: ts.Expression): boolean {
  if (ts.isPropertyAccessExpression(expression)) return isPlain(expression.expression);
  if (ts.isPrefixUnaryExpression(expression)) return isPlain(expression.operand);
  return (
    ts.isIdentifier(expression) ||
    ts.isLiteralExpression(expression) ||
    [ts.SyntaxKind.ThisKeyword, ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword].includes(expression.kind)
  );
}

/** Is this the resolve or the reject of a promise around it? */
function isResolver(name: ts.Identifier): boolean {
  for (let node: ts.Node = name.parent; node; node = node.parent) {
    if (!ts.isArrowFunction(node) || !node.parameters.some((one) => one.name.getText() === name.text)) continue;
    return ts.isNewExpression(node.parent) && node.parent.expression.getText() === 'Promise';
  }
  return false;
}

/** @returns what a name of a block around it is declared as */
function declared(name: ts.Identifier): ts.Expression | undefined {
  for (let node: ts.Node = name.parent; node; node = node.parent) {
    if (!ts.isBlock(node) && !ts.isSourceFile(node)) continue;
    const declarations = node.statements.flatMap((one) =>
      ts.isVariableStatement(one) ? [...one.declarationList.declarations] : [],
    );
    const found = declarations.find((one) => one.name.getText() === name.text);
    if (found) return found.initializer;
  }
  return undefined;
}

/** @returns what a property of this object is declared as */
function member({ expression, name }: ts.PropertyAccessExpression): ts.Expression | undefined {
  if (expression.kind !== ts.SyntaxKind.ThisKeyword) return undefined;
  for (let node: ts.Node = expression.parent; node; node = node.parent) {
    if (!ts.isClassDeclaration(node)) continue;
    const found = node.members.find((one) => one.name?.getText() === name.text);
    return found && ts.isPropertyDeclaration(found) ? found.initializer : undefined;
  }
  return undefined;
}

function isCaught(promise: ts.Expression): boolean {
  if (ts.isParenthesizedExpression(promise)) return ts.isAwaitExpression(promise.expression);
  if (!ts.isCallExpression(promise)) return false;
  const name = nameOf(promise.expression);
  return name === 'catch' || name === 'delete' || (name === 'then' && promise.arguments.length === 2);
}
