import { controllerCommand } from '../alerts/commands.ts';
import type { NodeFact } from '../neon/node.ts';
import {
  controllerCheck,
  hookCheck,
  isSchedulable,
  nodeOf,
  noOperationCheck,
  parseNodeId,
  settledCheck,
} from './cluster-checks.ts';
import { leaving, leavingChecks } from './leaving.ts';
import { type Check, go, no, type Operation, type Preflight, type PreflightInput } from './preflight.ts';

function othersCheck(nodes: readonly NodeFact[], nodeId: number): Check {
  const others = nodes.filter((node) => node.nodeId !== nodeId && isSchedulable(node)).length;
  return others > 0
    ? go(`${others} other pageservers can take shards`)
    : no('no other pageserver can take shards');
}

function judgeDrain([word]: readonly string[], { readings }: PreflightInput): Preflight | undefined {
  const nodeId = parseNodeId(word);
  if (nodeId === undefined) return undefined;
  const node = nodeOf(readings, nodeId);
  const operation = `drain of node ${nodeId}`;
  if ('verdict' in node)
    return { operation, checks: [controllerCheck(readings), node], steps: [], notes: [] };
  const nodes = readings.one('nodes')?.reading.nodes ?? [];
  const { availability, scheduling } = node;
  const path = `/control/v1/node/${nodeId}`;
  return {
    operation,
    checks: [
      controllerCheck(readings),
      availability === 'Active'
        ? go('the node is Active')
        : no(`the node is ${availability}: a drain answers 503`),
      scheduling === 'Active'
        ? go('its policy is Active')
        : no(`its policy is ${scheduling}: only an Active node can be drained (412)`),
      noOperationCheck(nodes),
      othersCheck(nodes, nodeId),
      settledCheck(readings),
      hookCheck(readings),
      ...leavingChecks(leaving(readings, nodeId)),
    ],
    steps: [
      {
        text: 'Drain. 202 says that it has begun.',
        command: controllerCommand(readings, 'PUT', `${path}/drain`),
      },
      {
        text: 'Poll until its policy is PauseForRestart.',
        command: controllerCommand(readings, 'GET', path),
      },
      {
        text: 'A drain says that it is done even when shards are left: count them.',
        command: controllerCommand(readings, 'GET', `${path}/shards`),
      },
      {
        text: 'After the maintenance make it Active again: it never becomes so by itself, unless the pageserver restarts.',
        command: controllerCommand(readings, 'PUT', `${path}/config`, {
          node_id: nodeId,
          scheduling: 'Active',
        }),
      },
    ],
    notes: [],
  };
}

function judgeRemove([word]: readonly string[], { readings }: PreflightInput): Preflight | undefined {
  const nodeId = parseNodeId(word);
  if (nodeId === undefined) return undefined;
  const operation = `removal of node ${nodeId}`;
  const node = nodeOf(readings, nodeId);
  if ('verdict' in node)
    return { operation, checks: [controllerCheck(readings), node], steps: [], notes: [] };
  const nodes = readings.one('nodes')?.reading.nodes ?? [];
  const found = leaving(readings, nodeId);
  const attached: Check[] =
    found === undefined
      ? leavingChecks(undefined)
      : [
          found.attached === 0
            ? go('nothing is attached to it')
            : no(
                `${found.attached} shards are attached to it: drain it first (neonwatch preflight drain ${nodeId})`,
              ),
        ];
  const { scheduling } = node;
  const path = `/control/v1/node/${nodeId}`;
  return {
    operation,
    checks: [
      controllerCheck(readings),
      noOperationCheck(nodes),
      othersCheck(nodes, nodeId),
      ...attached,
      ['Active', 'Pause'].includes(scheduling)
        ? go(`its policy is ${scheduling}`)
        : no(
            `its policy is ${scheduling}: a deletion begins only from Active or Pause (after a drain set it to Pause)`,
          ),
    ],
    steps: [
      {
        text: 'Delete it the graceful way. 202 or 200 says that it has begun.',
        command: controllerCommand(readings, 'PUT', `${path}/delete`),
      },
      {
        text: 'Poll until it is no longer listed.',
        command: controllerCommand(readings, 'GET', '/control/v1/node'),
      },
      { text: 'Only then stop the process and give its disk back.' },
    ],
    notes: [
      `DELETE ${path} is the old, undrained way. Either way a tombstone is left, and the id cannot register again until it is removed.`,
    ],
  };
}

export const drain: Operation = {
  name: 'drain',
  parameters: ['NODE_ID'],
  summary: 'move all shards off a pageserver',
  judge: judgeDrain,
};

export const remove: Operation = {
  name: 'remove',
  parameters: ['NODE_ID'],
  summary: 'take a pageserver out of the cluster for good',
  judge: judgeRemove,
};
