import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runSimulateCommand } from '../src/cli/simulate-command.ts';
import { simIndex } from '../src/simulator/http/sim-routes.ts';
import type { FaultDescription } from '../src/simulator/world/api.ts';
import { faultTable } from '../src/simulator/world/fault-table.ts';
import { usage } from './demo/arguments.ts';
import { metricsOf } from './demo/director.ts';
import { demoFaults } from './demo/faults/all-faults.ts';
import { checkout } from './run-program.ts';

const page = 'docs/simulator.md';

function code(text: string): string {
  return `\`${text}\``;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

/** `tenant`, `shard` (a number, optional). */
function argumentText({ name, kind, required }: FaultDescription['arguments'][number]): string {
  const notes = [...(name === kind || kind === 'word' ? [] : [kind]), ...(required ? [] : ['optional'])];
  return notes.length === 0 ? code(name) : `${code(name)} (${notes.join(', ')})`;
}

/** The parts of the page that code knows better than people, by the name in their marker. */
async function partsOfPage(): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await runSimulateCommand(['--help'], {
    print: () => undefined,
    asked: Promise.resolve('SIGTERM'),
  });
  const text = (body: string): string => `\`\`\`text\n${body.trimEnd()}\n\`\`\``;
  return new Map([
    [
      'demo faults',
      table(
        ['`--fault`', 'what happens', 'watch'],
        demoFaults.map((fault) => [code(fault.name), fault.about, metricsOf(fault).map(code).join(' ')]),
      ),
    ],
    ['demo options', text(usage)],
    ['simulate flags', text(stdout)],
    [
      'routes',
      table(
        ['request', 'what it does'],
        Object.entries(simIndex).map(([route, about]) => [code(route), about]),
      ),
    ],
    [
      'simulator faults',
      table(
        ['NAME', 'arguments', 'what it breaks', 'lasts'],
        faultTable.map(({ name, description, arguments: named, lasting }) => [
          code(name),
          named.map(argumentText).join(', '),
          description,
          lasting ? 'until it is off' : '',
        ]),
      ),
    ],
  ]);
}

/**
 * Puts `parts` between `<!-- made by npm run docs: NAME -->` and `<!-- made until here -->`; the rest stays.
 *
 * @throws when the page has a part that nobody makes, or lacks one, or one has no end.
 */
export function withParts(written: string, parts: ReadonlyMap<string, string>): string {
  const found: string[] = [];
  const pieces = written.split(/^<!-- made by npm run docs: (.+) -->$/m);
  const [first = ''] = pieces;
  let result = first;
  for (let at = 1; at < pieces.length; at += 2) {
    const [name = '', rest = ''] = [pieces[at], pieces[at + 1]];
    const part = parts.get(name);
    if (part === undefined) throw new Error(`nobody makes the part "${name}"`);
    const end = /^<!-- made until here -->$/m.exec(rest);
    if (end === null) throw new Error(`the part "${name}" has no end`);
    found.push(name);
    result += `<!-- made by npm run docs: ${name} -->\n\n${part}\n\n${rest.slice(end.index)}`;
  }
  const lacking = [...parts.keys()].filter((name) => !found.includes(name));
  if (lacking.length > 0 || found.length !== parts.size)
    throw new Error(`each part once; not so: ${[...lacking, ...found].join(', ')}`);
  return result;
}

/** The page as it is, with its made parts made anew. */
export async function generatedSimulatorPage(): Promise<ReadonlyMap<string, string>> {
  const written = await readFile(join(checkout, page), 'utf8');
  return new Map([[page, withParts(written, await partsOfPage())]]);
}
