/** One sample of an exposition in the text format. */
export interface ExposedSample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/** Takes apart the lines of an exposition, as far as it is needed to compare samples with numbers. */
export function readSamples(text: string): ExposedSample[] {
  return text.split('\n').flatMap((line) => {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$/.exec(line);
    if (match === null || line.startsWith('#')) return [];
    const [, name = '', labels = '', value = ''] = match;
    const pairs = labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g);
    const number = value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value);
    return [
      {
        name,
        labels: new Map([...pairs].map(([, label = '', text = '']) => [label, unescaped(text)])),
        value: number,
      },
    ];
  });
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_all, character: string) => (character === 'n' ? '\n' : character));
}

interface Matcher {
  readonly label: string;
  readonly matches: (value: string) => boolean;
}

/**
 * A question to an exposition, in the PromQL of an alert: `name{label="x",other!="y",third=~"a|b"} > 0`,
 * `absent(name{…})`, and `increase(name{…}) > 0`, since the exposition that was taken before.
 */
export interface WatchExpression {
  readonly text: string;
  readonly metric: string;
  isTrue(now: readonly ExposedSample[], before: readonly ExposedSample[]): boolean;
}

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
};

function matcherOf(written: string): Matcher {
  const [, label = '', operator = '', text = ''] =
    /^(\w+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"$/.exec(written) ?? [];
  if (label === '') throw new Error(`${written}: not a label matcher`);
  const wanted = unescaped(text);
  const pattern = operator.includes('~') ? new RegExp(`^(?:${wanted})$`) : undefined;
  const isMeant = (value: string): boolean => pattern?.test(value) ?? value === wanted;
  return { label, matches: (value) => isMeant(value) !== operator.startsWith('!') };
}

function sum(samples: readonly ExposedSample[]): number {
  return samples.reduce((total, { value }) => total + value, 0);
}

/** @throws when the text is not such an expression. */
export function parseWatchExpression(text: string): WatchExpression {
  const pattern =
    /^(?:(absent|increase)\()?([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\)?(?: (==|!=|>=|<=|>|<) (-?\d+(?:\.\d+)?))?$/;
  const match = pattern.exec(text);
  if (match === null) throw new Error(`${text}: not an expression that the demo understands`);
  const [, wrapper, metric = '', selector = '', operator, limit] = match;
  const written = selector.match(/\w+(?:=~|!~|!=|=)"(?:[^"\\]|\\.)*"/g) ?? [];
  if (written.join(',') !== selector) throw new Error(`${text}: ${selector} is not a list of label matchers`);
  const matchers = written.map(matcherOf);
  const select = (samples: readonly ExposedSample[]): ExposedSample[] =>
    samples.filter(
      ({ name, labels }) =>
        name === metric && matchers.every(({ label, matches }) => matches(labels.get(label) ?? '')),
    );
  const compare = operator === undefined ? undefined : comparisons[operator];
  if ((compare === undefined) !== (wrapper === 'absent'))
    throw new Error(`${text}: compare it with a number`);
  const isOver = (value: number): boolean => compare?.(value, Number(limit)) ?? false;
  return {
    text,
    metric,
    isTrue(now, before) {
      if (wrapper === 'absent') return select(now).length === 0;
      if (wrapper === 'increase') return isOver(sum(select(now)) - sum(select(before)));
      return select(now).some(({ value }) => isOver(value));
    },
  };
}
