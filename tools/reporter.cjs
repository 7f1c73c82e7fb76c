// The default report, one plain line with the counts, and an end.
const { appendFileSync } = require('node:fs');
const { reporters } = require('mocha');

/** Time for a finished run to end by itself, in milliseconds. A server or timer left open would keep it alive for ever. */
const MAX_LINGER_MS = 30_000;

module.exports = class extends reporters.Spec {
  /** @override */
  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
    // Where several runs follow each other, their failures are shown together after the last one.
    const list = process.env.LINKTOR_TEST_FAILURES;
    if (list)
      for (const test of this.failures)
        appendFileSync(list, `${test.fullTitle()}\n  ${test.file}\n  ${test.err?.stack ?? test.err}\n`);
    // Unreferenced: it only fires when something else keeps the process alive.
    setTimeout(() => {
      console.log(`A test left something open: ${process.getActiveResourcesInfo().join(', ')}`);
      process.exit(1);
    }, MAX_LINGER_MS).unref();
  }
};
