import { parseArgs } from 'node:util';

export const usage = `npm run demo -- [options]

  --list            the faults, and the metrics that show each
  --fault NAME      only this fault, at once, and it stays until Ctrl-C; may be repeated
  --once            every fault (or those named) once, without pauses, then end: 0 when all were seen, else 1
  --calm            no faults
  --pace SECONDS    how long a fault stays, and the rest after it (45)
  --speed FACTOR    how fast time passes in the simulator, and how often neonwatch looks (1)
  --seed NUMBER     of all chance in the simulator (1)
`;

export interface DemoArguments {
  readonly show: 'usage' | 'list' | undefined;
  /** Names; empty for all. */
  readonly faults: readonly string[];
  readonly once: boolean;
  readonly calm: boolean;
  readonly paceMs: number;
  readonly speed: number;
  readonly seed: number;
}

function number(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= least && value <= most) return value;
  throw new Error(`--${name} ${JSON.stringify(text)}: a number from ${least} to ${most} is expected`);
}

/** @throws an `Error` that says what is wrong with the command line. */
export function parseDemoArguments(argv: readonly string[], known: readonly string[]): DemoArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      list: { type: 'boolean', default: false },
      fault: { type: 'string', multiple: true, default: [] },
      once: { type: 'boolean', default: false },
      calm: { type: 'boolean', default: false },
      pace: { type: 'string', default: '45' },
      speed: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
    },
  });
  for (const name of values.fault) {
    if (!known.includes(name))
      throw new Error(`--fault ${name}: there is no such fault; there are ${known.join(', ')}`);
  }
  return {
    show: values.help ? 'usage' : values.list ? 'list' : undefined,
    faults: values.fault,
    once: values.once,
    calm: values.calm,
    paceMs: number('pace', values.pace, 1, 86_400) * 1_000,
    speed: number('speed', values.speed, 0.1, 100),
    seed: Math.floor(number('seed', values.seed, 0, 2 ** 31)),
  };
}
