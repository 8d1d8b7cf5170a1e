import { describe, expect, it } from 'vitest';
import { problemsWith } from './load-with.ts';

describe('a problem in the file', () => {
  it.for([
    {
      case: 'an unknown key, with the nearest',
      file: 'storageController:\n  url: http://localhost:1\n  pageSiz: 3\n',
      problem: 'neonwatch.yaml:3:3 storageController.pageSiz: unknown key; did you mean "pageSize"?',
    },
    {
      case: 'an unknown section',
      file: 'storage_controler: {}\n',
      problem: 'neonwatch.yaml:1:1 storage_controler: unknown key; did you mean "storageController"?',
    },
    {
      case: 'a key of another section',
      file: 'http: {pageSize: 3}\n',
      problem: 'neonwatch.yaml:1:8 http.pageSize: unknown key; did you mean "storageController.pageSize"?',
    },
    {
      case: 'a key like nothing',
      file: 'log: {elephants: 3}\n',
      problem: 'neonwatch.yaml:1:7 log.elephants: unknown key; known here: level',
    },
    {
      case: 'a key of the language',
      file: '__proto__: {}\n',
      problem: expect.stringContaining('neonwatch.yaml:1:1 __proto__: unknown key'),
    },
    {
      case: 'a key of the language in a list',
      file: 'computes: [{constructor: 1, dsn: "a=b"}]\n',
      problem: expect.stringContaining('neonwatch.yaml:1:12 computes[0]: unknown key of 11 characters'),
    },
    {
      case: 'a duration without unit',
      file: 'collection: {interval: 15}\n',
      problem: 'neonwatch.yaml:1:14 collection.interval: expected a duration such as 15s, got 15',
    },
    {
      case: 'a size without unit',
      file: 'limits:\n  maxBodyBytes: 1000\n',
      problem: 'neonwatch.yaml:2:3 limits.maxBodyBytes: expected a size such as 64MiB, got 1000',
    },
    {
      case: 'a number out of range',
      file: 'storageController: {pageSize: 0}\n',
      problem:
        'neonwatch.yaml:1:21 storageController.pageSize: expected a whole number from 1 to 5000, got 0',
    },
    {
      case: 'yes for true',
      file: 'http: {openMetrics: yes}\n',
      problem: 'neonwatch.yaml:1:8 http.openMetrics: expected true or false, got "yes"',
    },
    {
      case: 'a word that is none of the choices',
      file: 'log: {level: loud}\n',
      problem:
        'neonwatch.yaml:1:7 log.level: expected one of trace, debug, info, warn, error, fatal, silent, got "loud"',
    },
    {
      case: 'no value',
      file: 'log:\n  level:\n',
      problem:
        'neonwatch.yaml:2:3 log.level: expected one of trace, debug, info, warn, error, fatal, silent, got nothing',
    },
    {
      case: 'a text for a section',
      file: 'http: 9795\n',
      problem: 'neonwatch.yaml:1:1 http: expected a map with the keys listen, openMetrics, got a number',
    },
    {
      case: 'a text for a list',
      file: 'pageservers: {urls: http://a:1}\n',
      problem:
        'neonwatch.yaml:1:15 pageservers.urls: expected a list such as ["http://localhost:9898"], got "http://a:1"',
    },
    {
      case: 'one item of a list',
      file: 'pageservers:\n  urls:\n    - http://a:1\n    - a:1\n',
      problem:
        'neonwatch.yaml:4:7 pageservers.urls[1]: expected an http:// or https:// URL such as http://localhost:1234, got "a:1"',
    },
    {
      case: 'one entry of a map',
      file: 'addresses:\n  "a:1": c\n',
      problem: 'neonwatch.yaml:2:3 addresses["a:1"]: expected host:port such as localhost:9899, got "c"',
    },
    {
      case: 'the key of an entry',
      file: 'addresses:\n  a: b:1\n',
      problem: 'neonwatch.yaml:2:3 addresses.a: expected host:port such as localhost:9899 as the key',
    },
    {
      case: 'a DSN in a list of maps',
      file: 'computes:\n  - postgres://u:p@h/d\n',
      problem:
        'neonwatch.yaml:2:5 computes[0]: expected a map with a dsn or dsnFile and perhaps a name, got a text of 18 characters',
    },
    {
      case: 'a misspelled key of a compute',
      file: 'computes: [{dns: "postgres://u:p@h/d"}]\n',
      problem: 'neonwatch.yaml:1:13 computes[0].dns: unknown key; did you mean "dsn"?',
    },
    {
      case: 'a number for a token',
      file: 'pageservers: {token: 12345}\n',
      problem:
        'neonwatch.yaml:1:15 pageservers.token: expected a token without spaces (and without the word Bearer), got a number (quote it to make it a text)',
    },
    {
      case: 'a URL with a password',
      file: 'storageController: {url: "http://u:p@h"}\n',
      problem:
        'neonwatch.yaml:1:21 storageController.url: expected a URL without user and password: access is by the token settings',
    },
    {
      case: 'a list for the whole',
      file: '- http\n',
      problem: expect.stringMatching(
        /^neonwatch\.yaml:1:1: expected a map with the keys http, log, .*, got a list$/,
      ),
    },
    {
      case: 'a text for the whole',
      file: 'hello\n',
      problem: expect.stringMatching(/^neonwatch\.yaml:1:1: expected a map .*, got a text of 5 characters$/),
    },
    {
      case: 'a key twice',
      file: 'log: {level: info}\nlog: {level: warn}\n',
      problem: 'neonwatch.yaml:2:1: this key is written twice',
    },
    {
      case: 'a tab',
      file: 'log:\n\tlevel: info\n',
      problem: 'neonwatch.yaml:2:1: tabs cannot indent; use spaces',
    },
    {
      case: 'an open bracket',
      file: 'log: {level: info\n',
      problem: expect.stringContaining('a bracket before it that is not closed'),
    },
    {
      case: 'two documents',
      file: 'log: {}\n---\nlog: {}\n',
      problem: expect.stringContaining('a second document begins'),
    },
    {
      case: 'a tag',
      file: 'log: {level: !secret x}\n',
      problem: expect.stringContaining('a tag (!name) that is not known'),
    },
    { case: 'an alias to nothing', file: 'log: {level: *secret}\n', problem: expect.stringMatching(/alias/) },
    {
      case: 'more than a megabyte',
      file: `#${'x'.repeat(1_100_000)}`,
      problem: 'neonwatch.yaml: more than 1 MiB; is it a configuration of neonwatch?',
    },
  ])('$case', async ({ file, problem }) => {
    expect(await problemsWith({ file })).toEqual([problem]);
  });

  it('is an alias bomb, which is not unfolded', async () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
    for (const [now, before] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf', 'hg', 'ih']) {
      bomb.push(`${now}: &${now} [${Array(10).fill(`*${before}`).join(', ')}]`);
    }
    expect(await problemsWith({ file: bomb.join('\n') })).toEqual([
      'neonwatch.yaml: its aliases (*name) unfold to too much, or into themselves',
    ]);
  });

  it('is a missing file', async () => {
    expect(await problemsWith({ argv: ['--config=absent.yaml'] })).toEqual([
      'absent.yaml: no such file (ENOENT)',
    ]);
  });
});
