import { strict as assert } from 'node:assert';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { chromiumPath, launch, openWindow } from '../support/browser';
import { closedPort, isFree, Program, root, Shop } from '../support/red';

const demo = path.join(root, 'tools', 'demo.mjs');
const addresses = /customer:\s+(http\S+)\s+Node-RED, where the flow answers:\s+(http\S+)/;

interface Shown {
  program: Program;
  chat: string;
  editor: string;
}

/** As somebody starts it in a terminal: it is the first of a process group. */
async function show(sandboxPort: number, port: number): Promise<Shown> {
  const env = { SANDBOX_PORT: String(sandboxPort), PORT: String(port) };
  const program = new Program(process.execPath, [demo], { env, group: true });
  const [, chat = '', editor = ''] = await program.printed(addresses, 60);
  return { program, chat, editor };
}

const portOf = (url: string) => Number(new URL(url).port);

async function hold(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

describe('npm run demo', function () {
  this.timeout(60_000);
  let shown: Shown | undefined;

  before(function () {
    // Without process groups there is no way to tell what is left of it.
    if (process.platform === 'win32') this.skip();
  });
  afterEach(() => {
    shown?.program.killGroup();
    shown = undefined;
  });

  it('answers the customer in the chat page, and one signal ends all of it', async function () {
    if (chromiumPath === '') return this.skip();
    const [sandboxPort, port] = [await closedPort(), await closedPort()];
    const [started, browser] = await Promise.all([show(sandboxPort, port), launch()]);
    shown = started;
    const { program, chat, editor } = started;
    try {
      assert.deepEqual([portOf(chat), portOf(editor)], [sandboxPort, port]);
      assert.equal((await fetch(editor)).status, 200);
      await chatWithTheShop(browser, chat);
    } finally {
      await browser.close();
    }
    program.child.kill('SIGINT');
    assert.equal(await program.ended, 0, program.output);
    await program.groupEnded();
    assert.deepEqual([await isFree(sandboxPort), await isFree(port)], [true, true]);
    assert.doesNotMatch(program.output, /error|\[warn\]/i);
  });

  it('takes the next ports when these are taken, and Ctrl-C in its terminal ends all of it', async () => {
    const [sandboxPort, port] = [await closedPort(), await closedPort()];
    const [first, second] = await Promise.all([hold(sandboxPort), hold(port)]);
    try {
      shown = await show(sandboxPort, port);
      const { program, chat, editor } = shown;
      assert.ok(portOf(chat) > sandboxPort, chat);
      assert.ok(portOf(editor) > port, editor);
      const shop = new Shop(chat);
      const conversation = await shop.customerWrites({ name: 'Next Door' }, 'How much is shipping to Rio de Janeiro?');
      assert.match((await shop.answered(conversation)).text, /R\$ 29/);
      // A terminal sends it to every process of the group.
      process.kill(-Number(program.child.pid), 'SIGINT');
      assert.equal(await program.ended, 0, program.output);
      await program.groupEnded();
      assert.deepEqual([await isFree(portOf(chat)), await isFree(portOf(editor))], [true, true]);
    } finally {
      first.close();
      second.close();
    }
  });
});

async function chatWithTheShop(browser: Browser, chat: string): Promise<void> {
  const { page, record } = await openWindow(browser);
  await page.goto(chat);
  await page.click('[data-testid="new-customer"]');
  await page.fill('[data-testid="new-customer-name"]', 'Olívia Prado');
  await page.click('[data-testid="new-customer-start"]');
  const known = await say(page, 'When do you open on Saturday?', 1);
  assert.match(known, /9:00 to 17:00/);
  const unknown = await say(page, 'Which colour has the dragon of my neighbour?', 2);
  assert.match(unknown, /do not know/);
  assert.deepEqual(record.errors, []);
}

/** @returns what the shop says, once that is shown as read */
async function say(page: Page, text: string, answers: number): Promise<string> {
  await page.fill('[data-testid="composer-input"]', text);
  await page.click('[data-testid="composer-send"]');
  const read = page.locator('[data-testid="message"][data-direction="outbound"][data-status="read"]');
  await read.nth(answers - 1).waitFor();
  assert.equal(await read.count(), answers);
  return (
    await read
      .nth(answers - 1)
      .locator('.bubble')
      .innerText()
  ).trim();
}
