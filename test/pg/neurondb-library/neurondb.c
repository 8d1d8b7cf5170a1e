/*
 * What NeuronDB's library shows of itself when it is preloaded, and nothing else: four of its settings and its three
 * background workers, with their names, contexts and database. The workers do nothing. Ours, for tests only.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/wait_event.h"

PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);
PGDLLEXPORT void neurondb_worker_main(Datum argument);

static int	compute_mode = 0;
static bool queue_enabled = true;
static bool tuner_enabled = true;
static char *llm_api_key = NULL;

static const char *const kinds[] = {"queue", "tuner", "llm"};

void
neurondb_worker_main(Datum argument)
{
	if (DatumGetInt32(argument) == 1 && !tuner_enabled)
		proc_exit(0);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection("postgres", NULL, 0);
	for (;;)
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 60000L, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

void
_PG_init(void)
{
	DefineCustomIntVariable("neurondb.compute_mode", "0 cpu, 1 gpu, 2 auto.", NULL, &compute_mode,
							0, 0, 2, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("neurondb.llm_api_key", "API key of the language model's service.", NULL, &llm_api_key,
							   "", PGC_SUSET, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);
	DefineCustomBoolVariable("neurondb.neuranq_enabled", "Whether the queue worker works.", NULL, &queue_enabled,
							 true, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("neurondb.neuranmon_enabled", "Whether the tuner worker works.", NULL, &tuner_enabled,
							 true, PGC_SIGHUP, 0, NULL, NULL, NULL);
	if (!process_shared_preload_libraries_in_progress)
		return;
	for (int kind = 0; kind < lengthof(kinds); kind++)
	{
		BackgroundWorker worker;

		memset(&worker, 0, sizeof(worker));
		worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
		worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
		worker.bgw_restart_time = 1;
		worker.bgw_main_arg = Int32GetDatum(kind);
		snprintf(worker.bgw_library_name, BGW_MAXLEN, "neurondb");
		snprintf(worker.bgw_function_name, BGW_MAXLEN, "neurondb_worker_main");
		snprintf(worker.bgw_name, BGW_MAXLEN, "neurondb: %s worker", kinds[kind]);
		snprintf(worker.bgw_type, BGW_MAXLEN, "neurondb_%s", kinds[kind]);
		RegisterBackgroundWorker(&worker);
	}
}
