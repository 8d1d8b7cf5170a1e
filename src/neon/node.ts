/** Values of `availability` that the controller reports. */
export const nodeAvailabilities = ['Active', 'WarmingUp', 'Offline'] as const;
/** Values of `scheduling` (`NodeSchedulingPolicy`) that the controller reports. */
export const nodeSchedulings = [
  'Active',
  'Filling',
  'Pause',
  'PauseForRestart',
  'Draining',
  'Deleting',
] as const;

/** A pageserver as the controller knows it (`NodeDescribeResponse`). */
export interface NodeFact {
  readonly nodeId: number;
  readonly availability: string;
  readonly scheduling: string;
  readonly az: string;
  /** `host:port` of its management API as announced. */
  readonly httpAddress: string;
  readonly httpsAddress: string | undefined;
  /** `host:port` that computes connect to, as announced: what a connection string is compared with. */
  readonly pgAddress: string;
}
