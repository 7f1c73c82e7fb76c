// A process of its own that uses a ledger file, and says on its output what has been kept. It is killed by the test.
import { createLedger } from '../../../lib/ledger';

const [file = '', work = 'write'] = process.argv.slice(2);
const ledger = createLedger({ keepIn: 'file', file, keepDays: 30 });
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function write(): Promise<void> {
  const wide = Array.from({ length: 20 }, (_, index) => index);
  for (let round = 0; ; round++) {
    await Promise.all(
      wide.map(async (index) => {
        const key = `${round}-${index}`;
        await ledger.put('ask', key, { round, index }, { tags: [`c:${index}`], onDisk: index === 7 });
        say(`put ${key}`);
        if (index % 2 === 0) return;
        await ledger.delete('ask', key);
        say(`deleted ${key}`);
      }),
    );
  }
}

/** Fill it until the disk is full, then make room and go on. */
async function fill(): Promise<void> {
  for (let index = 0; ; index++) {
    try {
      await ledger.put('var', `k${index}`, 'x'.repeat(60_000));
    } catch (error) {
      const { code, cause } = error as { code?: string; cause?: { details?: { problem?: string } } };
      const kept = await ledger.count('var');
      return say(`failed ${code} ${cause?.details?.problem} after ${index} kept ${kept} state ${ledger.state.name}`);
    }
  }
}

async function hold(): Promise<void> {
  await ledger.open();
  say('open');
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}

const works: Record<string, () => Promise<void>> = { write, fill, hold };
works[work]?.().catch((error: unknown) => {
  say(`broken ${String(error)}`);
  process.exitCode = 1;
});
