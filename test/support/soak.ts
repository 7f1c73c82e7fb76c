import { chaos } from './chaos';

/** Default number of messages per second. */
const USUAL_RATE = 1000;
/** bytes by which the heap normally fluctuates */
const mostGrowth = 5 * 1024 * 1024;

/**
 * Fit a line through the second half of the heap sizes; in the first half the window of seen events is filling.
 * @returns the growth along this line in bytes
 */
function growth(heap: readonly number[]): number {
  const half = heap.slice(heap.length >> 1);
  const middle = (half.length - 1) / 2;
  const mean = half.reduce((sum, value) => sum + value, 0) / half.length;
  const along = half.reduce((sum, value, index) => sum + (index - middle) * (value - mean), 0);
  const square = half.reduce((sum, _, index) => sum + (index - middle) ** 2, 0);
  return half.length < 4 ? 0 : (along / square) * (half.length - 1);
}

async function main([minutes = '10', given, rate]: string[]): Promise<void> {
  const seed = Number(given ?? Date.now() % 1_000_000);
  const milliseconds = Number(minutes) * 60_000;
  if (!(milliseconds > 0) || !Number.isInteger(seed)) throw new Error('npm run soak -- [minutes] [seed] [rate]');
  const perSecond = Number(rate ?? USUAL_RATE);
  console.log(`${minutes} minutes, seed ${seed}, ${perSecond} messages a second`);
  const began = Date.now();
  const progress = (line: string) =>
    console.log(`${String(Math.round((Date.now() - began) / 1000)).padStart(6)} s  ${line}`);
  const report = await chaos({ seed, milliseconds, perSecond, progress, sampleEvery: 5000 });
  const { written, told, faults, episodes, reconnects, recovered, gaps } = report;
  const grown = growth(report.heap);
  console.log(
    `\nwhat happened: ${Object.entries(episodes)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
  );
  console.log(
    `${written} written, ${told} told, ${recovered} of them recovered; ${reconnects} reconnects, ${gaps} gaps`,
  );
  console.log(`heap: ${(grown / 2 ** 20).toFixed(2)} MB more at the end of the second half than at its start`);
  if (grown > mostGrowth) faults.push('the memory grows');
  for (const fault of faults) console.log(`FAIL: ${fault}`);
  console.log(faults.length === 0 ? 'pass' : `failed, seed ${seed}`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
