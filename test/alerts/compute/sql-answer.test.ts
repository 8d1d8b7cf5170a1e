import { describe, expect, it } from 'vitest';
import { sqlLooks } from '../../../src/alerts/detectors/compute/compute-facts.ts';
import { sqlAnswer } from '../../../src/alerts/detectors/compute/sql-answer.ts';
import { failureReasons } from '../../../src/errors.ts';
import { compute, computeCtl, health, settings } from '../../findings/compute-world.ts';
import { caseStartMs, failure, looksOf, readingsOf, type World } from '../../findings/world.ts';

function answerTo(world: World) {
  const asked = {
    readings: readingsOf(world, 0, caseStartMs),
    looks: looksOf(world, caseStartMs),
    nowMs: caseStartMs,
    thresholds: { drift: { settle: 0, aliases: {} } },
  };
  const look = sqlLooks(asked.looks).get(compute);
  if (look === undefined) throw new Error('the world has no compute');
  return sqlAnswer(look, undefined, asked).state;
}

const failed = (...[reason, details]: [Parameters<typeof failure>[2], Parameters<typeof failure>[3]?]) =>
  failure('compute_settings', compute, reason, details);

describe('what a failed look says of a compute', () => {
  it.each([
    ['refused', {}, 'away'],
    ['refused', { sqlState: '57P03' }, 'away'],
    ['refused', { sqlState: '53300' }, 'answers'],
    ['dns', {}, 'away'],
    ['timeout', { isConnected: false }, 'away'],
    ['timeout', { isConnected: true }, 'blocked'],
    ['timeout', {}, 'blocked'],
    ['timeout', { sqlState: '57014', isConnected: true }, 'blocked'],
    ['timeout', { sqlState: '55P03', isConnected: true }, 'unknown'],
    ['denied', {}, 'unknown'],
    ['tls', {}, 'unknown'],
    ['malformed', {}, 'unknown'],
    ['too_large', {}, 'unknown'],
    ['unsupported', {}, 'unknown'],
    ['unexpected', {}, 'unknown'],
  ] as const)('%s %o: %s', (reason, details, state) => {
    expect(answerTo([failed(reason, details)])).toBe(state);
  });

  it('is something for every reason there is', () => {
    for (const reason of failureReasons) expect(answerTo([failed(reason)])).not.toBe('answers');
  });

  it.each([
    ['running', 'away'],
    ['failed', 'away'],
    ['empty', 'stopped'],
    ['terminated', 'stopped'],
    ['termination_pending_fast', 'stopped'],
    ['termination_pending_immediate', 'stopped'],
    ['configuration_pending', 'starting'],
    ['init', 'starting'],
    ['configuration', 'starting'],
    ['refresh_configuration_pending', 'starting'],
    ['refresh_configuration', 'starting'],
    ['a status of a later version', 'away'],
  ])('refused while compute_ctl says %s: %s', (status, state) => {
    expect(answerTo([failed('refused'), computeCtl({ status })])).toBe(state);
  });

  it.each([
    [119_999, 'starting'],
    [120_000, 'away'],
  ])('refused %d ms after the start that compute_ctl tells: %s', (ageMs, state) => {
    expect(answerTo([failed('refused'), computeCtl({ startedAtMs: caseStartMs - ageMs })])).toBe(state);
  });

  it('does not excuse one that failed to start', () => {
    expect(answerTo([failed('refused'), computeCtl({ status: 'failed', startedAtMs: caseStartMs })])).toBe(
      'away',
    );
  });
});

describe('the look that is believed', () => {
  it('is the one that opens a new connection, where there is one', () => {
    const kept = [health(), failed('refused')];
    expect(answerTo(kept)).toBe('away');
    expect(answerTo([failure('compute_health', compute, 'refused')])).toBe('away');
    expect(answerTo([failure('compute_health', compute, 'refused'), settings()])).toBe('answers');
  });

  it('is never one at the controller database or at compute_ctl', () => {
    const looks = looksOf([failure('controller_database', 'db', 'refused'), computeCtl({})], caseStartMs);
    expect(sqlLooks(looks).size).toBe(0);
  });
});
