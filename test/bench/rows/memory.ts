import type { Row } from '../row';
import { largest } from '../stats';

/** The worker's memory at its worst moment. */
export const memoryRow: Row = {
  id: 'memory',
  engine: 'postgres',
  title: 'Worker memory',
  measure: async (bench) => {
    const runs = await bench.wholeRuns();
    const peak = largest(runs.map((r) => r.worker.peakKb)) / 1024;
    const start = largest(runs.map((r) => r.worker.startKb)) / 1024;
    return {
      lines: [
        {
          what: `worker RSS at most, whole run of ${runs[0]?.rows.toLocaleString('en')} rows`,
          measured: `${Math.round(peak)} MiB (idle ${Math.round(start)})`,
          target: '<= 300 MB',
          ratio: '',
          met: (peak * 1024 * 1024) / 1e6 <= 300,
        },
      ],
      data: runs.map((r) => r.worker),
      notes: ['VmHWM of the worker process; pg_dump, zstd and pg_restore are processes of their own and not in it.'],
    };
  },
};
