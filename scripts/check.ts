import { runProgram } from './run-program.ts';

interface Gate {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** What to do when it fails and the output does not say so itself. */
  readonly remedy: string;
}

const gates: readonly Gate[] = [
  {
    name: 'format and lint',
    program: 'biome',
    args: ['ci'],
    remedy: 'npm run format, then see what is left',
  },
  { name: 'types', program: 'tsc', args: ['--noEmit'], remedy: 'the compiler said where' },
  {
    name: 'boundaries',
    program: 'node',
    args: ['scripts/boundaries.ts'],
    remedy: 'ARCHITECTURE.md, "Who may import whom"',
  },
  { name: 'dead code', program: 'knip', args: [], remedy: 'delete it, or use it' },
  {
    name: 'generated documents',
    program: 'node',
    args: ['scripts/generate.ts', '--check'],
    remedy: 'npm run docs, and look at the difference',
  },
];

/** Runs every gate, also after one has failed, so that one run tells everything. Gives the failed ones. */
async function runGates(): Promise<readonly Gate[]> {
  const failed: Gate[] = [];
  for (const gate of gates) {
    console.log(`\n── ${gate.name}: ${[gate.program, ...gate.args].join(' ')}`);
    const exitCode = await runProgram(gate.program, gate.args);
    if (exitCode !== 0) failed.push(gate);
  }
  return failed;
}

const failed = await runGates();
console.log(`\n── ${gates.length - failed.length} of ${gates.length} checks passed`);
for (const { name, remedy } of failed) console.log(`   failed: ${name} (${remedy})`);
if (failed.length > 0) process.exitCode = 1;
