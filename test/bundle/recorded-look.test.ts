import { describe, expect, it } from 'vitest';
import { sqlLooks } from '../../src/alerts/detectors/compute/compute-facts.ts';
import { sqlAnswer } from '../../src/alerts/detectors/compute/sql-answer.ts';
import { decodeLook, encodeLook, recordedReadings } from '../../src/bundle/bundle.ts';
import { compute } from '../findings/compute-world.ts';
import { caseStartMs, failure, looksOf, readingsOf } from '../findings/world.ts';

const thresholds = { drift: { settle: 0, aliases: {} } };

/** What findings make of a failed look after it was written and read back. */
function answerAfterRecord(...failed: [Parameters<typeof failure>[2], Parameters<typeof failure>[3]?]) {
  const world = [failure('compute_settings', compute, ...failed)];
  const text = encodeLook(readingsOf(world, 0, caseStartMs), looksOf(world, caseStartMs), caseStartMs);
  const recorded = decodeLook(text);
  if (typeof recorded === 'string') throw new Error(recorded);
  const { looks, nowMs } = recorded;
  const look = sqlLooks(looks).get(compute);
  if (look === undefined) throw new Error('the look is lost');
  return sqlAnswer(look, undefined, { readings: recordedReadings(recorded), looks, nowMs, thresholds }).state;
}

describe('a failed look in a bundle', () => {
  it.each([
    ['refused', {}, 'away'],
    ['refused', { sqlState: '53300' }, 'answers'],
    ['timeout', { isConnected: false }, 'away'],
    ['timeout', { isConnected: true }, 'blocked'],
    ['timeout', { sqlState: '55P03', isConnected: true }, 'unknown'],
  ] as const)('says after %s %j what it said before: %s', (reason, details, state) => {
    expect(answerAfterRecord(reason, details)).toBe(state);
  });
});
