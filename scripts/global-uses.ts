import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import type { Breach } from './boundaries.ts';

/** Globals that make a function depend on more than its arguments, and where they may be used. */
const rules: readonly { rule: string; names: readonly string[]; owner: RegExp }[] = [
  {
    rule: 'global-clock',
    names: [
      'Date.now',
      'new Date()',
      'performance',
      'setTimeout',
      'setInterval',
      'AbortSignal.timeout',
      'process.hrtime',
    ],
    // The command line's last resort is a timer that must not keep the process alive, which a Clock has none of.
    owner: /^src\/(clock|cli\/main)\.ts$/,
  },
  {
    rule: 'global-process',
    names: ['process', 'globalThis'],
    owner: /^src\/(cli\/|server\.ts$|config\/load\.ts$)/,
  },
  { rule: 'global-random', names: ['Math.random'], owner: /^src\/(cli\/|server\.ts$)/ },
];

/** Whether an identifier stands for a value of that name, and not for a property or a name in a type. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) return parent.name !== node;
  if (ts.isMethodDeclaration(parent) || ts.isMethodSignature(parent)) return parent.name !== node;
  return !ts.isQualifiedName(parent);
}

function binds(name: ts.BindingName, text: string): boolean {
  if (ts.isIdentifier(name)) return name.text === text;
  return name.elements.some((element) => ts.isBindingElement(element) && binds(element.name, text));
}

/** Whether a parameter or variable of that name is in sight, so that the name is not the global's. */
function isShadowed(node: ts.Identifier): boolean {
  for (let scope: ts.Node = node.parent; scope !== undefined; scope = scope.parent) {
    if (ts.isFunctionLike(scope) && scope.parameters.some(({ name }) => binds(name, node.text))) return true;
    if (!ts.isBlock(scope) && !ts.isSourceFile(scope)) continue;
    const declared = scope.statements.filter(ts.isVariableStatement);
    const names = declared.flatMap(({ declarationList }) => declarationList.declarations);
    if (names.some(({ name }) => binds(name, node.text))) return true;
  }
  return false;
}

/** The names by which `rules` may know what stands at this node. */
function namesAt(node: ts.Node): string[] {
  if (ts.isPropertyAccessExpression(node)) return [`${node.expression.getText()}.${node.name.text}`];
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length)
    return ['new Date()'];
  if (ts.isIdentifier(node) && isReference(node) && !isShadowed(node)) return [node.text];
  return [];
}

/** Finds uses of clocks, chance and `process` outside the files that own them, by line. */
export function globalUsesIn(file: string, text: string): Breach[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const breaches: Breach[] = [];
  const look = (node: ts.Node): void => {
    for (const name of namesAt(node)) {
      for (const { rule, names, owner } of rules) {
        if (!names.includes(name) || owner.test(file)) continue;
        const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
        breaches.push({ rule, file, detail: `uses ${name} in line ${line}` });
      }
    }
    ts.forEachChild(node, look);
  };
  look(source);
  return breaches;
}

export async function findGlobalUses(root: string, files: readonly string[]): Promise<Breach[]> {
  const found = await Promise.all(
    files.map(async (file) => globalUsesIn(file, await readFile(join(root, file), 'utf8'))),
  );
  return found.flat();
}
