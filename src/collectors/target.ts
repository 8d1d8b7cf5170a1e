/** What kind of server a target is. A closed set: it is a metric label. */
export type TargetKind =
  | 'storage_controller'
  // One process of the controller: the one at `storageController.url`, and each of its peers.
  | 'controller_instance'
  | 'pageserver'
  | 'safekeeper'
  | 'broker'
  | 'compute_hook'
  | 'compute'
  // The same compute's compute_ctl: asked over HTTP, also where SQL may not be sent.
  | 'compute_ctl'
  | 'controller_database';

/** One server to read. Compared by `name`: a changed `url` or id under the same name restarts its collectors. */
export interface Target {
  readonly kind: TargetKind;
  /** The `target` label: `host:port` as announced by the controller or as written in the configuration. */
  readonly name: string;
  /** Where it is dialled, after the `addresses` setting was applied: `http://localhost:9899`; empty when a file says it. */
  readonly url: string;
  /** Pageservers only: the node id the controller gave it; absent when it is only listed in the configuration. */
  readonly nodeId?: number;
  /** Safekeepers only: the id the controller gave it; absent when it is only listed in the configuration. */
  readonly safekeeperId?: number;
}
