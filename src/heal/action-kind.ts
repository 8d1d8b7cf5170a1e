/**
 * What the healer can do, one file each in `actions`: set the connection string of one compute, load its files once
 * more, restart the compute hook, fill one pageserver. A closed set: it is a setting and will be a metric label.
 */
export const actionKinds = ['push_connstring', 'reload_again', 'restart_hook', 'fill_node'] as const;
export type ActionKind = (typeof actionKinds)[number];
