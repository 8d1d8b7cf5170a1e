import { describe, expect, it } from 'vitest';
import { commands, parseArguments } from '../../src/cli/args.ts';

describe('parseArguments', () => {
  it.for([
    {
      case: 'nothing is serve',
      argv: [],
      expected: { command: 'serve', rest: [], flags: [], help: false, version: false },
    },
    {
      case: 'flags alone are serve',
      argv: ['--listen', 'a:1'],
      expected: { command: 'serve', flags: [{ name: 'listen', written: '--listen', value: 'a:1' }] },
    },
    {
      case: 'flags before the command',
      argv: ['--config=f', 'serve'],
      expected: { command: 'serve', flags: [{ name: 'config', written: '--config', value: 'f' }] },
    },
    {
      case: 'the words of config',
      argv: ['config', 'check', '--config', 'f'],
      expected: { command: 'config', rest: ['check'] },
    },
    {
      case: 'a switch does not take the next word',
      argv: ['--series.per-tenant', 'serve'],
      expected: {
        command: 'serve',
        flags: [{ name: 'series.per-tenant', written: '--series.per-tenant', value: true }],
      },
    },
    {
      case: 'no- is false',
      argv: ['--no-series.per-tenant'],
      expected: { flags: [{ name: 'series.per-tenant', written: '--no-series.per-tenant', value: false }] },
    },
    {
      case: 'a flag is not the value of another',
      argv: ['--config', '--listen=a:1'],
      expected: { flags: [{ name: 'config', written: '--config', value: undefined }] },
    },
    {
      case: 'a value may begin with dashes behind =',
      argv: ['--config=--x'],
      expected: { flags: [{ name: 'config', written: '--config', value: '--x' }] },
    },
    {
      case: 'the word behind an unknown flag is its value',
      argv: ['config', '--tokn', 's', 'check'],
      expected: {
        command: 'config',
        rest: ['check'],
        flags: [{ name: 'tokn', written: '--tokn', value: true }],
      },
    },
    {
      case: 'what follows simulate is its own',
      argv: ['simulate', '--tenants', '3'],
      expected: { command: 'simulate', rest: ['--tenants', '3'], flags: [], help: false },
    },
    {
      case: 'what follows explain is its own, also what looks like a flag',
      argv: ['explain', '--tenant'],
      expected: { command: 'explain', rest: ['--tenant'], own: [] },
    },
    {
      case: 'flags of doctor beside settings',
      argv: ['doctor', '--tenant', 'ab', '--json', '--listen', 'a:1', '--no-watch'],
      expected: {
        command: 'doctor',
        rest: [],
        own: [
          { name: 'tenant', written: '--tenant', value: 'ab' },
          { name: 'json', written: '--json', value: true },
          { name: 'watch', written: '--no-watch', value: false },
        ],
        flags: [{ name: 'listen', written: '--listen', value: 'a:1' }],
      },
    },
    {
      case: 'a flag of doctor that lacks its value',
      argv: ['doctor', '--save', '--json'],
      expected: {
        own: [{ name: 'save', written: '--save', value: undefined }],
      },
    },
    {
      case: 'flags of doctor that replay has, too',
      argv: ['replay', 'folder', '--json', '--tenant=ab'],
      expected: {
        command: 'replay',
        rest: ['folder'],
        own: [
          { name: 'json', written: '--json', value: true },
          { name: 'tenant', written: '--tenant', value: 'ab' },
        ],
      },
    },
    {
      case: 'the words of preflight',
      argv: ['preflight', 'restart', 'pageserver', '3', '--config', 'f'],
      expected: { command: 'preflight', rest: ['restart', 'pageserver', '3'], own: [] },
    },
    {
      case: 'the folder of record',
      argv: ['record', '--config=f', 'folder'],
      expected: { command: 'record', rest: ['folder'] },
    },
    { case: '-h', argv: ['-h'], expected: { help: true, flags: [] } },
    { case: 'help as a word', argv: ['help'], expected: { help: true } },
    { case: '--help behind a command', argv: ['config', '--help'], expected: { help: true } },
    { case: '--version', argv: ['--version'], expected: { version: true, flags: [] } },
  ])('$case', ({ argv, expected }) => {
    expect(parseArguments(argv)).toMatchObject(expected);
  });

  it.for([
    {
      case: 'an unknown command',
      argv: ['sevre'],
      problem: '"sevre": unknown command; did you mean "serve"?',
    },
    {
      case: 'a command like nothing',
      argv: ['elephants'],
      problem: `"elephants": unknown command; there are ${Object.keys(commands).join(', ')}`,
    },
    {
      case: 'a flag of doctor with another command',
      argv: ['serve', '--json'],
      problem: '--json: only `neonwatch doctor` has this flag',
    },
    {
      case: 'a flag of doctor without a command',
      argv: ['--watch'],
      problem: '--watch: only `neonwatch doctor` has this flag',
    },
    {
      case: 'a flag of doctor that replay would ignore',
      argv: ['replay', 'folder', '--watch'],
      problem: '--watch: only `neonwatch doctor` has this flag; replay has --json, --tenant',
    },
    {
      case: 'a setting that replay would ignore',
      argv: ['replay', 'folder', '--findings.disabled=[]'],
      problem: '--findings.disabled: replay takes no settings; replay has --json, --tenant',
    },
    {
      case: 'a word behind doctor',
      argv: ['doctor', 'hunter2'],
      problem: expect.stringMatching(/^a word too many(?!.*hunter2)/),
    },
    {
      case: 'a word too many',
      argv: ['serve', 'hunter2'],
      problem: expect.stringMatching(/^a word too many(?!.*hunter2)/),
    },
    {
      case: 'a word behind a flag that has its value',
      argv: ['--listen=a:1', 'hunter2'],
      problem: expect.stringMatching(/^a word too many(?!.*hunter2)/),
    },
  ])('refuses $case', ({ argv, problem }) => {
    expect(() => parseArguments(argv)).toThrow(expect.objectContaining({ problems: [problem] }));
  });
});
