import { controllerCommand } from '../alerts/commands.ts';
import type { Readings } from '../collection/store.ts';
import { isWrong } from '../views/drift/judgement.ts';
import { controllerCheck, nodeOf, noOperationCheck, parseNodeId, settledCheck } from './cluster-checks.ts';
import { leaving, leavingChecks } from './leaving.ts';
import {
  type Check,
  go,
  no,
  type Operation,
  type Preflight,
  type PreflightInput,
  unknown,
} from './preflight.ts';

function restartPageserver(nodeId: number, { readings }: PreflightInput): Preflight {
  const operation = `restart of pageserver ${nodeId}`;
  const node = nodeOf(readings, nodeId);
  if ('verdict' in node)
    return { operation, checks: [controllerCheck(readings), node], steps: [], notes: [] };
  const found = leaving(readings, nodeId);
  const isEmpty = found?.attached === 0;
  const checks: Check[] = isEmpty
    ? [go('nothing is attached to it: nobody will notice')]
    : [
        ...leavingChecks(found),
        no('it is not drained: its computes wait until it is back, or failover has moved its shards'),
      ];
  return {
    operation,
    checks: [controllerCheck(readings), ...checks],
    steps: [
      {
        text: 'Restart the process, and wait until it is Active: WarmingUp is normal for a while.',
        command: controllerCommand(readings, 'GET', `/control/v1/node/${nodeId}`),
      },
      {
        text: 'Bring its shards back when its secondaries are warm.',
        command: controllerCommand(readings, 'PUT', `/control/v1/node/${nodeId}/fill`),
      },
    ],
    notes: isEmpty ? [] : [`neonwatch preflight drain ${nodeId} says whether a drain would empty it.`],
  };
}

function databaseCheck(readings: Readings): Check {
  const database = readings.all('controller_database');
  return database.length > 0
    ? go("the controller's database answers")
    : unknown(
        "whether the controller's database answers is not known (set storageController.dsn): without it the controller does not come up again",
      );
}

function restartController({ readings }: PreflightInput): Preflight {
  const nodes = readings.one('nodes')?.reading.nodes;
  return {
    operation: 'restart of the storage controller',
    checks: [
      nodes === undefined ? unknown('the node list could not be read') : noOperationCheck(nodes),
      settledCheck(readings),
      databaseCheck(readings),
    ],
    steps: [
      {
        text: 'Restart it, and wait until /ready and /live are 200.',
        command: controllerCommand(readings, 'GET', '/live'),
      },
    ],
    notes: [
      'It forgets which operation runs: a drain or fill under way leaves its node stuck in Draining or Filling.',
      'It tells every compute where its shards are once it is up; that, and not a restart of the hook, is what sends again.',
    ],
  };
}

function restartHook({ readings }: PreflightInput): Preflight {
  const hook = readings.all('compute_hook')[0]?.reading;
  return {
    operation: 'restart of the compute hook',
    checks: [
      controllerCheck(readings),
      hook === undefined
        ? unknown('whether it answers now is not known (set computeHook.url)')
        : go(hook.isResponding ? 'it answers now' : 'it does not answer now, which a restart may mend'),
    ],
    steps: [{ text: 'Restart it. Notifications that were failing are tried again within about 20 s.' }],
    notes: [
      'It is a receiver: a restart sends nothing again. What was acknowledged, rightly or not, stays acknowledged.',
      'The self-hosted hook exits at its start when the database of the controller or of the compute is away.',
    ],
  };
}

function restartCompute(name: string, { computes }: PreflightInput): Preflight {
  const operation = `restart of compute ${name}`;
  const judgement = computes.get(name);
  if (judgement === undefined) {
    const known = [...computes.keys()].join(', ');
    return {
      operation,
      checks: [unknown(`its settings could not be read; there are ${known || 'none'}`)],
      steps: [],
      notes: [],
    };
  }
  const { state, rows, stripe } = judgement;
  const next = rows.map(({ nextStartAgreement }) => nextStartAgreement);
  const isStripeWrong =
    rows.length > 1 &&
    stripe.nextStartBlocks !== undefined &&
    stripe.nextStartBlocks !== stripe.intendedBlocks;
  const isStripeUnknown =
    rows.length > 1 && (stripe.nextStartBlocks === undefined || stripe.intendedBlocks === undefined);
  const check = (): Check => {
    if (next.includes('wrong') || isStripeWrong) {
      return no(
        'its config.json has an older connection string or stripe size, and a restart brings it back: the compute would be drifted',
      );
    }
    if (rows.length === 0 || next.includes('unknown') || isStripeUnknown) {
      return unknown('what its config.json would set is not known (set configJson of the compute)');
    }
    return go('its config.json has what the controller intends');
  };
  const isDrifted = isWrong(state);
  return {
    operation,
    checks: [check()],
    steps: [
      { text: 'Restart it, then see that it asks the right pageservers.', command: `neonwatch doctor` },
    ],
    notes: [
      'compute_ctl deletes the data directory at start, so what ALTER SYSTEM set is gone and config.json counts.',
      ...(isDrifted ? [`It is ${state} now; a restart mends that only if config.json is right.`] : []),
    ],
  };
}

function judgeRestart([what, name]: readonly string[], input: PreflightInput): Preflight | undefined {
  const nodeId = parseNodeId(name);
  if (what === 'pageserver' && nodeId !== undefined) return restartPageserver(nodeId, input);
  if (what === 'controller' && name === undefined) return restartController(input);
  if (what === 'hook' && name === undefined) return restartHook(input);
  return what === 'compute' && name !== undefined ? restartCompute(name, input) : undefined;
}

export const restart: Operation = {
  name: 'restart',
  parameters: ['pageserver NODE_ID | controller | hook | compute NAME'],
  summary: 'restart a part of the cluster',
  judge: judgeRestart,
};
