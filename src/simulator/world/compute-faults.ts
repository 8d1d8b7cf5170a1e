import { type Fault, toCompute } from './fault-kinds.ts';
import { configureCompute, restartCompute } from './hook.ts';

const statuses = [
  'empty',
  'configuration_pending',
  'init',
  'running',
  'configuration',
  'failed',
  'termination_pending_fast',
  'termination_pending_immediate',
  'terminated',
  'refresh_configuration_pending',
  'refresh_configuration',
];

export const computeFaults: readonly Fault[] = [
  toCompute(
    'compute_down',
    'the compute is stopped',
    (_state, compute) => {
      compute.state = 'down';
    },
    restartCompute,
  ),
  toCompute('compute_restarted', 'the compute starts again with what its file says', restartCompute),
  toCompute('compute_drift', 'someone turns its list of pageservers round', (state, compute) => {
    const connstring = compute.connstring.split(',').reverse().join(',');
    configureCompute(state, { tenantId: compute.tenantId, connstring, stripeSize: null });
  }),
  toCompute(
    'compute_status',
    'compute_ctl says the status `as`, such as failed or configuration_pending; over: running',
    (_state, compute, args) => {
      const status = String(args['as']);
      if (!statuses.includes(status)) return `a status is one of ${statuses.join(', ')}, not ${status}`;
      compute.status = status;
      return undefined;
    },
    (_state, compute) => {
      compute.status = 'running';
    },
    [{ name: 'as', kind: 'word', required: true }],
  ),
];
