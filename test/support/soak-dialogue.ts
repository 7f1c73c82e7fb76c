import { KillRounds, killSteps } from './kill-rounds';

/** Maximum milliseconds between an answer and the kill; most questions have ended by then. */
const MAX_AFTER_MS = 60;

async function main([count = '50']: string[]): Promise<void> {
  const began = Date.now();
  const rounds = await KillRounds.start();
  try {
    for (let index = 0; index < Number(count); index++) {
      await rounds.play(Math.random() * MAX_AFTER_MS);
      await rounds.checkQuestions();
      const { faults, lost } = rounds.report;
      const seconds = Math.round((Date.now() - began) / 1000);
      console.log(
        `${String(seconds).padStart(6)} s  ${index + 1} kills, ${lost} lost where it may be, ${faults.length} faults`,
      );
    }
  } finally {
    await rounds.end();
  }
  const { rounds: kills, faults, lost } = rounds.report;
  console.log(`\nkill -9 at ${killSteps.map((step) => `${step} ${kills[step]}`).join(', ')}`);
  console.log(`${lost} answers were lost between the deletion of their record and their output, as documented`);
  for (const fault of faults) console.log(`FAIL: ${fault}`);
  console.log(faults.length === 0 ? 'pass: 0 doubled' : 'failed');
  process.exitCode = faults.length === 0 ? 0 : 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
