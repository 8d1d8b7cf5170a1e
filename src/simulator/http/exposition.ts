import type { HttpAnswer } from './answer.ts';

type Labels = Readonly<Record<string, string | number>>;

/** One family as Neon's services print it. */
export interface ExposedFamily {
  readonly name: string;
  /** Absent: some `process_*` families of the controller have no TYPE line. */
  readonly type?: 'counter' | 'gauge';
  readonly help?: string;
  readonly samples: readonly (readonly [labels: Labels, value: number])[];
}

export type Exposition = readonly ExposedFamily[];

function escaped(value: string | number): string {
  return String(value).replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function familyText({ name, type, help, samples }: ExposedFamily): string {
  return [
    ...(help === undefined ? [] : [`# HELP ${name} ${help}\n`]),
    ...(type === undefined ? [] : [`# TYPE ${name} ${type}\n`]),
    ...samples.map(([labels, value]) => `${name}${labelText(labels)} ${value}\n`),
  ].join('');
}

/** @param between what stands between families: the controller leaves a line empty there */
export function expositionAnswer(exposition: Exposition, between = ''): HttpAnswer {
  return {
    status: 200,
    contentType: 'text/plain; version=0.0.4',
    body: exposition.map(familyText).join(between),
  };
}
