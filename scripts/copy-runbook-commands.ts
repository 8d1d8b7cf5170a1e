/**
 * Copies every command of the two operations documents into test/fixtures/runbook-commands.json; the documents
 * themselves are not in this repository.
 *
 *   npx --no-install node scripts/copy-runbook-commands.ts DOCUMENTS_FOLDER [--check]
 *
 * `--check` writes nothing and fails when the copy differs. Only needed when a document changes; no test runs it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { commandsOfDocument, withoutPrivateNames } from './runbook-commands.ts';

const documents = [
  { file: 'neon-operations-runbook.md', pages: ['neon', 'neon-operating'] },
  { file: 'neurondb-operational-playbook.md', pages: ['neurondb', 'neurondb-observing'] },
];
const target = fileURLToPath(new URL('../test/fixtures/runbook-commands.json', import.meta.url));

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean', default: false } },
});
const [folder] = positionals;
if (folder === undefined) throw new Error('expected the folder of the documents');

const copied = {
  origin:
    'Fenced blocks of the two operations documents that neonwatch was made for, taken apart by scripts/copy-runbook-commands.ts. Registry, bucket, network, key file, tenant and timeline have other names here.',
  documents: documents.map(({ file, pages }) => ({
    file,
    pages: pages.map((page) => `docs/runbook-corrected/${page}.md`),
    commands: commandsOfDocument(withoutPrivateNames(readFileSync(join(folder, file), 'utf8'))),
  })),
};
const text = `${JSON.stringify(copied, undefined, 2)}\n`;
if (!values.check) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  console.error(`${target} differs from the documents`);
  process.exitCode = 1;
}
for (const { file, commands } of copied.documents) console.log(`${file}: ${commands.length} commands`);
