import { least, readersOfStrangers, texts } from '../test/support/strangers';
import { judge, table } from './measure';

/** Milliseconds of work for 100 KB of a stranger. */
const MOST_MS = 50;
const RUNS = 5;

async function main(): Promise<void> {
  const readers = Object.entries(readersOfStrangers());
  const rows: [reader: string, text: string, ms: number][] = [];
  for (const [reader, read] of readers) {
    for (const [what, text] of Object.entries(texts))
      rows.push([
        reader,
        what,
        await least(
          RUNS,
          () => read(text),
          () => performance.now(),
          0,
        ),
      ]);
  }
  const worstFirst = [...rows].sort(([, , one], [, , other]) => other - one);
  const worstOf = (place: 0 | 1) =>
    [...new Set(rows.map((row) => row[place]))].map((name) => {
      const [reader, what, ms] = worstFirst.find((row) => row[place] === name) as (typeof rows)[number];
      return [name, place === 0 ? what : reader, ms.toFixed(1)];
    });
  console.log(`Node.js ${process.versions.node}; milliseconds of work for 100 KB, the least of ${RUNS} runs`);
  console.log(table([['reader', 'its worst text', 'ms'], ...worstOf(0)]));
  console.log(table([['text', 'its worst reader', 'ms'], ...worstOf(1)]));
  const [[reader, what, ms] = ['', '', 0]] = worstFirst;
  console.log(
    judge(ms < MOST_MS, `${rows.length} pairs, the worst: ${ms.toFixed(1)} ms, ${what}, ${reader} (bar ${MOST_MS} ms)`),
  );
}

void main();
