/*
 * The neon.* settings as Neon's own library defines them (names, types, contexts, units, limits and the one
 * assign hook that matters), and nothing else of it. For tests: what pg_settings shows of a Neon compute.
 *
 * Facts from neondatabase/neon, pgxn/neon/{libpagestore,walproposer,file_cache}.c; written anew.
 */
#include "postgres.h"

#include <limits.h>

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/guc.h"

PG_MODULE_MAGIC;

void _PG_init(void);
PG_FUNCTION_INFO_V1(neon_guc_effective_stripe);

enum ComputeMode
{
	MODE_PRIMARY, MODE_REPLICA, MODE_STATIC
};

static const struct config_enum_entry compute_modes[] = {
	{"primary", MODE_PRIMARY, false},
	{"replica", MODE_REPLICA, false},
	{"static", MODE_STATIC, false},
	{NULL, 0, false}
};

static int	stripe_size;
static int	compute_mode = MODE_PRIMARY;

/* Stands for the stripe size in Neon's shard map: what decides which pageserver is asked for a page. */
static int	effective_stripe;

/*
 * As Neon: only the postmaster keeps the shard map, and it takes the stripe size that holds at the moment at
 * which the connection string is assigned. A stripe size later in the file comes too late until the next reload.
 */
static void
assign_connstring(const char *newval, void *extra)
{
	if (!IsUnderPostmaster)
		effective_stripe = stripe_size;
}

Datum
neon_guc_effective_stripe(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(effective_stripe);
}

static void
define_string(const char *name, const char *description, const char *value, GucContext context,
			  GucStringAssignHook assign)
{
	char	  **variable = malloc(sizeof(char *));

	*variable = NULL;
	DefineCustomStringVariable(name, description, NULL, variable, value, context, 0, NULL, assign, NULL);
}

static void
define_int(const char *name, const char *description, int value, int min, int max, GucContext context, int flags)
{
	int		   *variable = malloc(sizeof(int));

	*variable = value;
	DefineCustomIntVariable(name, description, NULL, variable, value, min, max, context, flags, NULL, NULL, NULL);
}

void
_PG_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		ereport(ERROR, (errmsg("neon_guc must be loaded by shared_preload_libraries")));

	/* Before the connection string, so that at the start its hook finds the stripe size of the file. */
	DefineCustomIntVariable("neon.stripe_size", "sharding stripe size", NULL, &stripe_size, 2048, 1, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_BLOCKS, NULL, NULL, NULL);
	define_string("neon.pageserver_connstring", "connection string to the page server", "", PGC_SIGHUP,
				  assign_connstring);
	DefineCustomEnumVariable("neon.compute_mode", "The compute endpoint node type", NULL, &compute_mode,
							 MODE_PRIMARY, compute_modes, PGC_POSTMASTER, 0, NULL, NULL, NULL);

	define_string("neon.timeline_id", "Neon timeline_id the server is running on", "", PGC_POSTMASTER, NULL);
	define_string("neon.tenant_id", "Neon tenant_id the server is running on", "", PGC_POSTMASTER, NULL);
	define_string("neon.project_id", "Neon project_id the server is running on", "", PGC_POSTMASTER, NULL);
	define_string("neon.branch_id", "Neon branch_id the server is running on", "", PGC_POSTMASTER, NULL);
	define_string("neon.endpoint_id", "Neon endpoint_id the server is running on", "", PGC_POSTMASTER, NULL);
	define_string("neon.safekeepers", "List of Neon WAL acceptors (host:port)", "", PGC_SIGHUP, NULL);
	define_string("neon.file_cache_path", "Path to local file cache (can be raw device)", "file.cache",
				  PGC_POSTMASTER, NULL);

	define_int("neon.max_cluster_size", "cluster size limit", -1, -1, INT_MAX, PGC_SIGHUP, GUC_UNIT_MB);
	define_int("neon.max_file_cache_size", "Maximal size of Neon local file cache", 0, 0, INT_MAX,
			   PGC_POSTMASTER, GUC_UNIT_MB);
	define_int("neon.file_cache_size_limit", "Current limit for size of Neon local file cache", 0, 0, INT_MAX,
			   PGC_SIGHUP, GUC_UNIT_MB);
	define_int("neon.flush_output_after", "Flush the output buffer after every N unflushed requests", 8, -1,
			   INT_MAX, PGC_USERSET, 0);
	define_int("neon.max_reconnect_attempts", "Maximal attempts to reconnect to pages server", 60, 0, INT_MAX,
			   PGC_USERSET, 0);
	define_int("neon.readahead_buffer_size", "number of prefetches to buffer", 128, 16, 1024, PGC_USERSET, 0);
	define_int("neon.protocol_version", "Version of compute<->page server protocol", 3, 2, 3, PGC_SU_BACKEND, 0);
	define_int("neon.pageserver_response_log_timeout", "pageserver response log timeout", 10000, 100, INT_MAX,
			   PGC_SUSET, GUC_UNIT_MS);
	define_int("neon.pageserver_response_disconnect_timeout", "pageserver response disconnect timeout", 150000,
			   100, INT_MAX, PGC_SUSET, GUC_UNIT_MS);
	define_int("neon.safekeeper_reconnect_timeout", "Walproposer reconnects to offline safekeepers once in this interval",
			   1000, 0, INT_MAX, PGC_SIGHUP, GUC_UNIT_MS);
	define_int("neon.safekeeper_connect_timeout", "Connection or connection attempt to safekeeper is terminated if no message is received",
			   10000, 0, INT_MAX, PGC_SIGHUP, GUC_UNIT_MS);

	MarkGUCPrefixReserved("neon");
}
