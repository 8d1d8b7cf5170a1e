import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

/** One selector in an expression: the metric, the labels it matches on, and the functions around it. */
export interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
  /** Nearest first: `['rate', 'sum']`. */
  readonly functions: readonly string[];
}

/** What an expression is made of. */
export interface Expression {
  readonly selectors: readonly Selector[];
  /** Labels of `by`, `without`, `on`, `ignoring`, `group_left` and `group_right`. */
  readonly grouping: readonly string[];
  readonly hasComparison: boolean;
  /** Where the parser stumbled; empty when the expression is right. */
  readonly errors: readonly string[];
}

const comparisons = new Set(['EqlSingle', 'Eql', 'Neq', 'Gtr', 'Lss', 'Gte', 'Lte']);

function textOf(node: SyntaxNode, expr: string): string {
  return expr.slice(node.from, node.to);
}

function descendants(node: SyntaxNode, name: string): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  node.cursor().iterate((one) => {
    if (one.name === name) found.push(one.node);
  });
  return found;
}

function functionsAround(node: SyntaxNode, expr: string): string[] {
  const names: string[] = [];
  for (let at = node.parent; at !== null; at = at.parent) {
    if (at.name === 'FunctionCall') names.push(textOf(at.firstChild as SyntaxNode, expr));
    if (at.name === 'AggregateExpr') names.push(textOf(at.firstChild as SyntaxNode, expr));
  }
  return names;
}

function selectorOf(node: SyntaxNode, expr: string): Selector {
  const identifier = node.getChild('Identifier');
  const labels = descendants(node, 'LabelName').map((label) => textOf(label, expr));
  return {
    metric: identifier === null ? '' : textOf(identifier, expr),
    labels,
    functions: functionsAround(node, expr),
  };
}

/** Takes a PromQL expression apart with Prometheus' own grammar. */
export function parsePromql(expr: string): Expression {
  const tree = parser.parse(expr);
  const selectors: Selector[] = [];
  const grouping: string[] = [];
  const errors: string[] = [];
  let hasComparison = false;
  tree.cursor().iterate(({ name, node, type }) => {
    if (type.isError) errors.push(`at ${node.from}: ${expr.slice(node.from, node.from + 30)}`);
    if (name === 'VectorSelector') selectors.push(selectorOf(node, expr));
    if (name === 'GroupingLabels') {
      grouping.push(...descendants(node, 'LabelName').map((label) => textOf(label, expr)));
    }
    if (comparisons.has(name) && node.parent?.name === 'BinaryExpr') hasComparison = true;
  });
  return { selectors, grouping, hasComparison, errors };
}
