import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SourceError } from '../../src/errors.ts';
import { postgresFailure } from '../../src/sources/postgres-failure.ts';
import { lateness, type Visit } from '../../src/sources/postgres-visit.ts';

const context = {
  server: 'compute main (postgresql://compute:55433/postgres)',
  user: 'me',
  password: undefined,
  database: 'app',
  setting: 'computes[0].dsn',
  statementTimeoutMs: 5_000,
  lockTimeoutMs: 500,
};

/** As pg throws what a server has answered. */
function answer(code: string, message: string): Error {
  return Object.assign(new Error(message), { code, severity: 'ERROR', detail: 'row (1, secret)' });
}

describe('what a server answers', () => {
  it.for([
    { code: '28P01', reason: 'denied' },
    { code: '28000', reason: 'denied' },
    { code: '42501', reason: 'denied' },
    { code: '3D000', reason: 'unsupported' },
    { code: '3F000', reason: 'unsupported' },
    { code: '42P01', reason: 'unsupported' },
    { code: '42703', reason: 'unsupported' },
    { code: '42704', reason: 'unsupported' },
    { code: '42883', reason: 'unsupported' },
    { code: '55000', reason: 'unsupported' },
    { code: '0A000', reason: 'unsupported' },
    { code: '57014', reason: 'timeout' },
    { code: '55P03', reason: 'timeout' },
    { code: '25P03', reason: 'timeout' },
    { code: '53300', reason: 'refused' },
    { code: '57P01', reason: 'refused' },
    { code: '57P02', reason: 'refused' },
    { code: '57P03', reason: 'refused' },
    { code: '57P05', reason: 'refused' },
    { code: '08006', reason: 'refused' },
    { code: '40001', reason: 'unexpected' },
    { code: 'XX000', reason: 'unexpected' },
  ])('with $code is $reason', ({ code, reason }) => {
    const error = postgresFailure(answer(code, 'said so'), context);
    expect(error).toMatchObject({ reason, sqlState: code });
    expect(error.message).toContain(
      `compute main (postgresql://compute:55433/postgres): said so (SQLSTATE ${code})`,
    );
    expect(error.message).not.toContain('secret');
  });

  it.for([
    { message: 'canceling statement due to statement timeout', says: 'statement_timeout is 5000 ms' },
    { message: 'canceling statement due to user request', says: 'somebody else cancelled it' },
  ])('$message: $says', ({ message, says }) => {
    expect(postgresFailure(answer('57014', message), context).message).toContain(says);
  });

  it.for([
    { message: 'SASL authentication failed', reason: 'denied' },
    { message: 'no such user: me', reason: 'denied' },
    { message: 'no such database: app', reason: 'unsupported' },
    { message: 'no more connections allowed (max_client_conn)', reason: 'refused' },
  ])('PgBouncer: $message is $reason', ({ message, reason }) => {
    expect(postgresFailure(answer('08P01', message), context)).toMatchObject({ reason, sqlState: '08P01' });
  });

  it('fits into one line and is told once, however often it passes by', () => {
    const error = postgresFailure(
      answer('42P01', `relation "a\nb${'x'.repeat(500)}" does not exist`),
      context,
    );
    expect(error.message).not.toContain('\n');
    expect(error.message.length).toBeLessThan(450);
    expect(postgresFailure(error, context)).toBe(error);
  });
});

describe('other failures', () => {
  it.for([
    {
      case: 'a closed connection',
      thrown: new Error('Connection terminated unexpectedly'),
      reason: 'refused',
    },
    { case: 'a reset one', thrown: Object.assign(new Error('x'), { code: 'ECONNRESET' }), reason: 'refused' },
    { case: 'a login that pg refuses', thrown: new Error('SASL: nonce mismatch'), reason: 'denied' },
    { case: 'one of ours', thrown: new SourceError('tls', 'no'), reason: 'tls' },
    { case: 'a mistake', thrown: new TypeError('x is undefined'), reason: 'unexpected' },
    { case: 'no error at all', thrown: 'text', reason: 'unexpected' },
  ])('$case is $reason', ({ thrown, reason }) => {
    expect(postgresFailure(thrown, context)).toMatchObject({ reason });
  });
});

it('no password is in a message, whoever echoes it', () => {
  const password = fc.string({ minLength: 8, maxLength: 40 }).filter((text) => /\S{8}/.test(text));
  fc.assert(
    fc.property(password, fc.constantFrom('28P01', '08P01', '42P01', 'XX000'), (secret, code) => {
      const thrown = [
        answer(code, `bad password ${secret}!`),
        new Error(secret),
        new SourceError('tls', `<${secret}>`),
      ];
      for (const error of thrown) {
        const failure = postgresFailure(error, { ...context, password: secret });
        expect(failure.message).not.toContain(secret);
      }
    }),
  );
});

describe('a session that was too slow', () => {
  it.each([
    ['connecting', false],
    ['logging in', true],
    ['running a statement', true],
    ['waiting for the only connection', undefined],
  ] as const)('says of %s that the server had taken the connection: %s', (doing, isConnected) => {
    const late = lateness({ doing } as Visit, 'no success after 100 ms');
    expect(late).toMatchObject({ reason: 'timeout', isConnected });
    expect(late.message).toBe(`no success after 100 ms, ${doing}`);
    // Named, it keeps what it knows.
    expect(postgresFailure(late, context).isConnected).toBe(isConnected);
  });

  it('was connected when the server itself gave up', () => {
    expect(postgresFailure(answer('57014', 'canceling statement'), context).isConnected).toBe(true);
  });
});
