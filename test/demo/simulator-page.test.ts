import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { staleFiles } from '../../scripts/generate.ts';
import { generatedSimulatorPage, withParts } from '../../scripts/generate-simulator.ts';
import { commandsOf, fencedBlocks } from '../../scripts/markdown.ts';
import { checkout } from '../../scripts/run-program.ts';
import { openLab } from '../simulator/http/lab.ts';

const page = readFileSync(join(checkout, 'docs', 'simulator.md'), 'utf8');

/** The requests to `/_sim` that the page shows: path and body. */
const examples = fencedBlocks(page)
  .filter(({ language }) => language === 'console')
  .flatMap(({ text }) => commandsOf(text))
  .flatMap((command) => {
    const match = /^\$ curl 127\.0\.0\.1:1235(\/_sim\S*)(?: -d '(.*)')?$/.exec(command);
    return match === null ? [] : [{ command, path: match[1] ?? '', body: match[2] }];
  });

/** `POST /control/v1/node` in the last table. */
const notThere = [...page.matchAll(/^\| [^|]+ \| `(POST|PUT|GET) (\S+)` \|$/gm)]
  .map(([, method = '', path = '']) => ({ method, path }))
  .filter(({ path }) => !path.startsWith('/_sim'));

describe('docs/simulator.md', () => {
  it('has the faults, options and routes that there are', async () => {
    expect(await staleFiles(checkout, await generatedSimulatorPage())).toEqual([]);
  });

  it('shows requests that the simulator takes, one after another', async () => {
    const lab = await openLab({ pageservers: 6, tenants: 40, shardsPerTenant: 2, computes: 1 });
    const answers: string[] = [];
    for (const { command, path, body } of examples) {
      const got = await lab.send('_sim', path, body === undefined ? {} : { method: 'POST', text: body });
      answers.push(got.status === 200 ? command : `${command}: ${got.status} ${got.text}`);
    }
    expect(answers).toEqual(examples.map(({ command }) => command));
    expect(examples.length).toBeGreaterThan(5);
    expect(lab.world.faults.active().map(({ name }) => name)).toEqual(['hook', 'split_brain']);
  });

  it.for(notThere)('is right that there is no $method $path', async ({ method, path }) => {
    const lab = await openLab();
    const asked = path.replace(':tenant_id', '2'.repeat(32)).replace(':id', '4');
    expect(await lab.send('storcon', asked, { method, text: '{}' })).toMatchObject({ status: 404 });
  });

  it('names what is not there', () => expect(notThere.length).toBeGreaterThan(1));
});

describe('withParts', () => {
  const parts = new Map([['one', 'new']]);
  const marked = (name: string, inside: string) =>
    `<!-- made by npm run docs: ${name} -->\n${inside}<!-- made until here -->\n`;

  it('makes its parts anew and leaves the rest', () => {
    expect(withParts(`a\n${marked('one', 'old\n')}b\n`, parts)).toBe(`a\n${marked('one', '\nnew\n\n')}b\n`);
  });

  it('changes nothing the second time', () => {
    const once = withParts(marked('one', ''), parts);
    expect(withParts(once, parts)).toBe(once);
  });

  it.for([
    { case: 'a part that nobody makes', written: marked('two', ''), says: 'nobody makes the part "two"' },
    { case: 'a part without an end', written: '<!-- made by npm run docs: one -->\n', says: 'has no end' },
    { case: 'a page that lacks one', written: 'a\n', says: 'each part once' },
    { case: 'one twice', written: marked('one', '').repeat(2), says: 'each part once' },
  ])('refuses $case', ({ written, says }) => {
    expect(() => withParts(written, parts)).toThrow(says);
  });
});
