import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { performance as hooks } from 'node:perf_hooks';
import { type AskerName, askers, startAsker } from './dialogue-core';
import { type Asking, startStub } from './dialogue-stub';
import { ANSWER, startWorld } from './dialogue-world';
import { judge, pairs, quantile, show, spread, table } from './measure';
import type { Red } from './red';

/**
 * Questions asked and answered per second, 50 conversations in flight: node bench/run.mjs dialogue. Our node with each
 * engine is compared with the same dialogue built from core nodes, in separate real Node-REDs over a real network; and
 * with grammY conversations, both with an in-memory transport. Rounds alternate. Then the cost of open questions.
 */

const rounds = 5;
/** rounds before the first that counts: a Node-RED runs for months, and V8 needs seconds to compile what is used most */
const warmUpRounds = 4;
const roundMs = 1500;
const atOnce = 50;
const open = 5000;

const names: Record<AskerName, string> = {
  memory: 'linktor-ask, memory',
  file: 'linktor-ask, file',
  core: 'http request, websocket, function, trigger',
};

interface Outcome {
  rate: number;
  cpu: number;
}

async function asked<T>(red: Red, question: object): Promise<T> {
  red.child.send(question);
  const [answer] = (await once(red.child, 'message')) as [T];
  return answer;
}

/** Compare the core flow with ours, each in its own Node-RED, with its own server: the others have nothing to do. */
async function compareInNodeRed(): Promise<Record<AskerName, Outcome[]>> {
  const worlds: ChildProcess[] = [];
  const reds = new Map<AskerName, Red>();
  const outcomes: Record<AskerName, Outcome[]> = { memory: [], file: [], core: [] };
  try {
    for (const subject of askers) {
      const world = fork(process.argv[1] as string, ['world'], { execPath: process.execPath });
      worlds.push(world);
      const [base] = (await once(world, 'message')) as [string];
      reds.set(subject, await startAsker(process.cwd(), subject, base, process.execPath));
    }
    for (let round = 1 - warmUpRounds; round <= rounds; round++) {
      for (const subject of round % 2 === 0 ? askers : [...askers].reverse()) {
        const red = reds.get(subject) as Red;
        const outcome = await asked<Outcome>(red, { subject, atOnce, milliseconds: roundMs });
        if (round > 0) outcomes[subject].push(outcome);
      }
    }
  } finally {
    for (const red of reds.values()) await red.end();
    for (const world of worlds) world.disconnect();
  }
  return outcomes;
}

/** Run one round of concurrent dialogues. @param dialogue asks, and resolves when it is answered */
async function round(dialogue: (index: number) => Promise<unknown>): Promise<number> {
  const start = performance.now();
  let done = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async (_, index) => {
      while (performance.now() < start + roundMs) {
        await dialogue(index);
        done++;
      }
    }),
  );
  return (done * 1000) / (performance.now() - start);
}

function ofOurs(asking: Asking): (index: number) => Promise<unknown> {
  return (index) =>
    new Promise((resolve, reject) => {
      asking.ask(`conv_${index}`, resolve).catch(reject);
    });
}

/** The same dialogue in grammY; a stub answers its requests to Telegram at once. */
function ofGrammy(): (index: number) => Promise<unknown> {
  const require = createRequire(path.join(process.cwd(), '.cache', 'bench', 'package.json'));
  const { Bot } = require('grammy');
  const { conversations, createConversation } = require('@grammyjs/conversations');
  const botInfo = { id: 1, is_bot: true, first_name: 'bench', username: 'bench_bot' };
  const bot = new Bot('1:bench', { botInfo });
  let serial = 1;
  const chatOf = (id: number) => ({ id, type: 'private', first_name: 'A' });
  // biome-ignore lint/suspicious/noExplicitAny: the package is not a dependency, so its types are missing
  type Loose = any;
  const stub = async (_previous: unknown, _method: string, payload: Loose) => ({
    ok: true,
    result: { message_id: serial++, date: 1, chat: chatOf(payload.chat_id), text: payload.text },
  });
  bot.api.config.use(stub);
  const done = new Set<number>();
  const ask = async (conversation: Loose, context: Loose) => {
    await context.reply('How many?');
    for (;;) {
      const { message } = await conversation.waitFor('message:text');
      const value = Number(message.text);
      if (Number.isFinite(value)) return conversation.external(() => void done.add(message.chat.id));
      await context.reply('Please enter a number.');
    }
  };
  bot.use(
    conversations({
      plugins: [
        async (context: Loose, next: Loose) => {
          context.api.config.use(stub);
          await next();
        },
      ],
    }),
  );
  bot.use(createConversation(ask, 'ask'));
  bot.on('message', (context: Loose) => context.conversation.enter('ask'));
  const update = (chat: number, text: string) =>
    bot.handleUpdate({
      update_id: serial++,
      message: { message_id: serial++, date: 1, chat: chatOf(chat), from: { ...chatOf(chat), is_bot: false }, text },
    });
  return async (index) => {
    await update(index + 1, 'go');
    await update(index + 1, ANSWER);
    if (!done.delete(index + 1)) throw new Error('grammY has not understood the answer');
  };
}

async function heap(): Promise<number> {
  for (let look = 0; look < 5; look++) {
    (globalThis as { gc?: () => void }).gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage().heapUsed;
}

/** The cost of open questions with the file engine: memory, event-loop delay while one is opened, next start. */
async function openQuestions(): Promise<{ added: number; loop: number[]; ready: number }> {
  const userDir = mkdtempSync(path.join(tmpdir(), 'linktor-bench-'));
  try {
    const first = startStub('file', userDir, () => false);
    await first.ready();
    for (let index = 0; index < 200; index++) await first.ask(`warm_${index}`, () => {});
    const before = await heap();
    const loop: number[] = [];
    for (let index = 0; index < open; index++) {
      const used = hooks.eventLoopUtilization();
      await first.ask(`conv_${index}`, () => {});
      loop.push(hooks.eventLoopUtilization(used).active);
    }
    const added = (await heap()) - before;
    await first.close();
    const began = performance.now();
    const second = startStub('file', userDir, () => false);
    await second.ready();
    const ready = performance.now() - began;
    await second.close();
    return { added, loop, ready };
  } finally {
    rmSync(userDir, { recursive: true, force: true });
  }
}

async function drive(): Promise<void> {
  const began = performance.now();
  const inNodeRed = await compareInNodeRed();
  const grammy = ofGrammy();
  const ours = ofOurs(startStub('memory', tmpdir(), () => true));
  const stubbed = { grammy: [] as number[], ours: [] as number[] };
  for (let index = 1 - warmUpRounds; index <= rounds; index++) {
    const own = await round(ours);
    const other = await round(grammy);
    if (index <= 0) continue;
    stubbed.ours.push(own);
    stubbed.grammy.push(other);
  }
  const { added, loop, ready } = await openQuestions();
  const rates = (subject: AskerName) => inNodeRed[subject].map(({ rate }) => rate);
  const against = (subject: AskerName) => pairs(rates(subject), rates('core'), (a, b) => a / b);
  const versus = pairs(stubbed.ours, stubbed.grammy, (a, b) => a / b);
  const megabytes = added / 1024 / 1024;
  const p99 = quantile(loop, 0.99);
  const rows = askers.map((subject) => [
    names[subject],
    spread(rates(subject)).median.toFixed(0),
    spread(inNodeRed[subject].map(({ cpu }) => cpu)).median.toFixed(0),
    subject === 'core' ? '' : show(against(subject)),
  ]);
  const [memory, file] = [against('memory'), against('file')];
  console.log(
    [
      `Node.js ${process.versions.node}, ${cpus().length} cores, loopback; medians of ${rounds} rounds in turn after ${warmUpRounds} to warm up, (min..max)`,
      table([[`${atOnce} at once`, 'dialogues/s', 'CPU us', 'ours : core'], ...rows]),
      table([
        ['transport stubbed', 'dialogues/s', 'ours : grammY'],
        ['linktor-ask, memory', spread(stubbed.ours).median.toFixed(0), show(versus)],
        ['grammY, conversations', spread(stubbed.grammy).median.toFixed(0), ''],
      ]),
      '\nBars',
      judge(memory.median >= 1.5, `${show(memory)} times the core flow, memory (bar 1.5, aim 2)`),
      judge(file.median >= 1.2, `${show(file)} times the core flow, file (bar 1.2, aim 2)`),
      judge(versus.median >= 1, `${show(versus)} times grammY with its conversations (bar 1)`),
      judge(megabytes <= 20, `${megabytes.toFixed(1)} MB for ${open} open questions, file (bar 20)`),
      judge(p99 <= 2, `${p99.toFixed(2)} ms of the event loop to open one, 99th percentile, file (bar 2)`),
      judge(ready <= 5000, `${Math.round(ready)} ms until ${open} open questions are known after a start (bar 5000)`),
      `\n${Math.round((performance.now() - began) / 1000)} s`,
    ].join('\n'),
  );
  process.exit();
}

async function main([role]: string[]): Promise<void> {
  if (role === undefined) return drive();
  process.once('disconnect', () => process.exit());
  process.send?.(await startWorld());
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
