/**
 * The schema of the storage controller's database after its newest migration, written down from `schema.rs`, and rows:
 * a tenant of two shards, one in the middle of a split, a detached one, three pageservers and a deleted one.
 */
export function controllerSql(schema = 'public'): string {
  const name = `"${schema}"`;
  return `
CREATE SCHEMA IF NOT EXISTS ${name};
SET search_path = ${name};
CREATE TABLE tenant_shards (tenant_id varchar NOT NULL, shard_number int NOT NULL, shard_count int NOT NULL,
  shard_stripe_size int NOT NULL, generation int, generation_pageserver bigint, placement_policy varchar NOT NULL,
  splitting smallint NOT NULL, config text NOT NULL, scheduling_policy varchar NOT NULL DEFAULT '"Active"',
  preferred_az_id varchar, PRIMARY KEY (tenant_id, shard_number, shard_count));
CREATE TABLE nodes (node_id bigint PRIMARY KEY, scheduling_policy varchar NOT NULL, listen_http_addr varchar NOT NULL,
  listen_http_port int NOT NULL, listen_pg_addr varchar NOT NULL, listen_pg_port int NOT NULL,
  availability_zone_id varchar NOT NULL, listen_https_port int, lifecycle varchar NOT NULL DEFAULT 'active',
  listen_grpc_addr varchar, listen_grpc_port int);
CREATE TABLE metadata_health (tenant_id varchar NOT NULL, shard_number int NOT NULL, shard_count int NOT NULL,
  healthy boolean NOT NULL DEFAULT true, last_scrubbed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, shard_number, shard_count));
CREATE TABLE controllers (address varchar NOT NULL, started_at timestamptz NOT NULL, PRIMARY KEY (address, started_at));
CREATE TABLE safekeepers (id bigint PRIMARY KEY, region_id text NOT NULL, version bigint NOT NULL, host text NOT NULL,
  port int NOT NULL, http_port int NOT NULL, availability_zone_id text NOT NULL,
  scheduling_policy varchar NOT NULL DEFAULT 'activating', https_port int);
CREATE TABLE timelines (tenant_id varchar NOT NULL, timeline_id varchar NOT NULL, start_lsn pg_lsn NOT NULL,
  generation int NOT NULL, sk_set bigint[] NOT NULL, new_sk_set bigint[], cplane_notified_generation int NOT NULL,
  deleted_at timestamptz, sk_set_notified_generation int NOT NULL DEFAULT 1, PRIMARY KEY (tenant_id, timeline_id));
CREATE TABLE safekeeper_timeline_pending_ops (sk_id bigint NOT NULL, tenant_id varchar NOT NULL,
  timeline_id varchar NOT NULL, generation int NOT NULL, op_kind varchar NOT NULL,
  PRIMARY KEY (tenant_id, timeline_id, sk_id));
CREATE TABLE timeline_imports (tenant_id varchar NOT NULL, timeline_id varchar NOT NULL, shard_statuses jsonb NOT NULL,
  PRIMARY KEY (tenant_id, timeline_id));

INSERT INTO tenant_shards VALUES
  ('${tenants.two}', 0, 2, 2048, 4, 1, '{"Attached":1}', 0, '{}', '"Active"', 'az-a'),
  ('${tenants.two}', 1, 2, 2048, 7, 2, '{"Attached":1}', 0, '{}', '"Pause"', NULL),
  ('${tenants.splitting}', 0, 0, 2048, 3, 3, '{"Attached":0}', 1, '{}', '"Active"', NULL),
  ('${tenants.splitting}', 0, 2, 2048, 3, 3, '{"Attached":0}', 1, '{}', '"Active"', NULL),
  ('${tenants.splitting}', 1, 2, 2048, NULL, NULL, '{"Attached":0}', 1, '{}', '"Active"', NULL),
  ('${tenants.detached}', 0, 0, 2048, NULL, NULL, '"Detached"', 0, '{}', '"Active"', NULL),
  ('not a tenant', 0, 0, 2048, NULL, NULL, '"Secondary"', 0, '{}', '"Active"', NULL);
INSERT INTO nodes (node_id, scheduling_policy, listen_http_addr, listen_http_port, listen_pg_addr, listen_pg_port,
  availability_zone_id, lifecycle) VALUES
  (1, 'active', 'pageserver1', 9898, 'pageserver1', 6400, 'az-a', 'active'),
  (2, 'pause_for_restart', 'pageserver2', 9898, 'pageserver2', 6400, 'az-b', 'active'),
  (3, 'active', 'pageserver3', 9898, 'pageserver3', 6400, 'az-c', 'active'),
  (4, 'pause', 'pageserver4', 9898, 'pageserver4', 6400, 'az-a', 'deleted');
INSERT INTO metadata_health VALUES
  ('${tenants.two}', 0, 2, true, '2026-11-01 00:00:00+00'), ('${tenants.two}', 1, 2, false, '2026-11-02 00:00:00+00');
INSERT INTO controllers VALUES ('http://controller:1234', '2026-11-03 00:00:00+00');
INSERT INTO safekeepers (id, region_id, version, host, port, http_port, availability_zone_id, scheduling_policy) VALUES
  (1, 'r', 1, 'safekeeper1', 5454, 7676, 'az-a', 'active'), (2, 'r', 1, 'safekeeper2', 5454, 7676, 'az-b', 'active'),
  (3, 'r', 1, 'safekeeper3', 5454, 7676, 'az-c', 'decomissioned');
INSERT INTO timelines VALUES
  ('${tenants.two}', 'a', '0/1', 3, '{1,2}', NULL, 2, NULL, 3), ('${tenants.two}', 'b', '0/1', 3, '{1,2}', '{2,3}', 3, NULL, 2),
  ('${tenants.two}', 'c', '0/1', 3, '{1,2}', '{2,3}', 1, now(), 1);
INSERT INTO safekeeper_timeline_pending_ops VALUES
  (1, '${tenants.two}', 'a', 3, 'pull'), (2, '${tenants.two}', 'a', 3, 'exclude'), (3, '${tenants.two}', 'a', 3, 'pull');
INSERT INTO timeline_imports VALUES ('${tenants.two}', 'a', '{}');`;
}

export const tenants = {
  two: '10000000000000000000000000000001',
  splitting: '20000000000000000000000000000002',
  detached: '30000000000000000000000000000003',
} as const;
