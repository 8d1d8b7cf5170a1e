import { describe, expect, it } from 'vitest';
import { BearerToken, FilePath, PostgresDsn } from '../../src/settings/secret.ts';

describe('PostgresDsn', () => {
  it.for([
    'postgresql://cloud_admin@compute:55433/postgres',
    'postgres://u:p%40w@h1:1,h2:2/db?target_session_attrs=any',
    'host=localhost port=5432 dbname=x',
    "host=localhost password='it\\'s a secret' user = me",
  ])('takes %s', (text) => expect(PostgresDsn.safeParse(text).success).toBe(true));

  it.for(['', ' ', 'localhost:5432', 'mysql://h/d', 'host', "host='x", 'postgres://h/d b', 5432])(
    'refuses %j',
    (input) => expect(PostgresDsn.safeParse(input).success).toBe(false),
  );
});

describe('BearerToken', () => {
  it.for([
    { case: 'a JWT', input: 'eyJhbGciOiJFZERTQSJ9.e30.c2ln', right: true },
    { case: 'the header instead of the token', input: 'Bearer abc', right: false },
    { case: 'a line feed at the end', input: 'abc\n', right: false },
    { case: 'a letter no header may hold', input: 'abcé', right: false },
    { case: 'a number', input: 12_345, right: false },
  ])('$case: $right', ({ input, right }) => expect(BearerToken.safeParse(input).success).toBe(right));
});

describe('FilePath', () => {
  it.for([
    { case: 'a path', input: '/run/secrets/token', right: true },
    { case: 'a relative path', input: 'token', right: true },
    { case: 'nothing', input: '', right: false },
    { case: 'NUL', input: 'a\0b', right: false },
    { case: 'the token itself', input: 'eyJhbGciOiJFZERTQSJ9.e30.c2ln', right: false },
    { case: 'the DSN itself', input: 'postgres://u:p@h/d', right: false },
  ])('$case: $right', ({ input, right }) => expect(FilePath.safeParse(input).success).toBe(right));
});
