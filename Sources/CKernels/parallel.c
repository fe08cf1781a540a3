#include "ckernels.h"

#include <stdatomic.h>

// libgomp's entry points, declared here because clang brings no omp.h. They are plain C functions of a stable ABI.
extern void GOMP_parallel(void (*function)(void *), void *data, unsigned threads, unsigned flags);
extern int omp_get_thread_num(void);
extern int omp_get_max_threads(void);

typedef struct {
  void (*job)(void *, int, int);
  void *context;
  int jobs;
  atomic_int next;
} team_work;

static void work(void *data) {
  team_work *team = data;
  int worker = omp_get_thread_num();
  // Jobs are taken as workers come free: uneven jobs balance, and no result depends on who made it.
  for (;;) {
    int index = atomic_fetch_add_explicit(&team->next, 1, memory_order_relaxed);
    if (index >= team->jobs) return;
    team->job(team->context, index, worker);
  }
}

int ck_threads(void) {
  int threads = omp_get_max_threads();
  return threads < 1 ? 1 : threads;
}

void ck_parallel(int threads, int jobs, void (*job)(void *context, int index, int worker), void *context) {
  if (jobs <= 0) return;
  if (threads > jobs) threads = jobs;
  if (threads <= 1) {
    for (int index = 0; index < jobs; index++) job(context, index, 0);
    return;
  }
  team_work team = {job, context, jobs, 0};
  GOMP_parallel(work, &team, (unsigned)threads, 0);
}
