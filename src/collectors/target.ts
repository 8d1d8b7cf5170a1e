/** What kind of server a target is. A closed set: it is a metric label. */
export type TargetKind = 'storage_controller' | 'pageserver' | 'compute' | 'controller_database';

/** One server to read. Compared by `name`: a changed `url` or `nodeId` under the same name restarts its collectors. */
export interface Target {
  readonly kind: TargetKind;
  /** The `target` label: `host:port` as announced by the controller or as written in the configuration. */
  readonly name: string;
  /** Where it is dialled, after the `addresses` setting was applied: `http://localhost:9899`; empty when a file says it. */
  readonly url: string;
  /** Pageservers only: the node id the controller gave it; absent when it is only listed in the configuration. */
  readonly nodeId?: number;
}
