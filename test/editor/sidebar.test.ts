import { strict as assert } from 'node:assert';
import type { Browser, Locator } from 'playwright-core';
import { type Sandbox, startSandbox } from '../../sandbox';
import { chromiumPath, launch, openEditor, type Window } from '../support/browser';
import { closedPort, type FlowNode, Red, Shop, until, versions } from '../support/red';

const secret = 'canary-key-9Rt4vBx2Qm';

for (const version of versions) {
  describe(`the sidebar in the editor of ${version.name}`, function () {
    this.timeout(60_000);
    let sandbox: Sandbox;
    let shop: Shop;
    let red: Red;
    let browser: Browser;
    let window: Window;
    let side: Locator;

    before(async function () {
      if (chromiumPath === '' || !version.red) return this.skip();
      sandbox = await startSandbox({ receipts: 'manual' });
      shop = new Shop(sandbox.url);
      const nobody = `http://127.0.0.1:${await closedPort()}`;
      [red, browser] = await Promise.all([Red.start({ version, flow: flow(nobody) }), launch()]);
      await shop.heard();
      window = await openEditor(browser, red);
      side = window.page.locator('.linktor-side');
    });

    after(async () => {
      await browser?.close();
      if (red) await red.stop();
      await sandbox?.close();
    });

    function flow(nobody: string): FlowNode[] {
      return [
        { id: 'tab', type: 'tab', label: 'Side' },
        {
          id: 'account',
          type: 'linktor-config',
          name: 'Shop',
          baseUrl: sandbox.url,
          credentials: { apiKey: 'sandbox-key', accessToken: secret, webhookSecret: secret },
        },
        { id: 'nobody', type: 'linktor-config', name: 'Nobody', baseUrl: nobody, credentials: { apiKey: secret } },
        ...['account', 'nobody'].map((config, index) => ({
          id: `in-${config}`,
          type: 'linktor-message-in',
          z: 'tab',
          config,
          conversations: 'all',
          x: 200,
          y: 80 + 60 * index,
          wires: [[]],
        })),
      ];
    }

    const line = (event: string, words = '') => side.locator(`[data-event="${event}"]`, { hasText: words }).first();
    const messages = async (conversation: string) =>
      (await shop.ask('GET', `/conversations/${conversation}/messages?limit=50`)).json.data as Record<
        string,
        unknown
      >[];
    const choose = async (label: string) =>
      side.locator('.linktor-side-choice').selectOption({ label }, { timeout: 10_000 });

    it('asks nothing before it is looked at', async () => {
      const { answers } = await window.record.received();
      assert.ok(answers.length > 10);
      assert.deepEqual(
        answers.filter((answer) => answer.includes('/linktor/accounts')),
        [],
      );
    });

    it('is opened by its action, and says how the connection is and since when', async () => {
      await window.page.evaluate(`RED.actions.invoke('linktor:show-sidebar')`);
      await choose('Shop');
      await side.locator('.linktor-side-state', { hasText: 'connected' }).waitFor();
      assert.match(await side.locator('.linktor-side-line').innerText(), /connected\s+since \d\d:\d\d/);
      assert.match(await side.locator('.linktor-side-place').innerText(), /^127\.0\.0\.1:\d+ · nodes: 1/);
      assert.ok(Number(await side.locator('[data-counter="subscriptions"]').textContent()) > 0);
      // What came before anybody looked is there.
      await line('connection.open').waitFor();
    });

    it('shows an event as it arrives, and not a word of what was said', async () => {
      const words = 'My password is horse battery staple';
      const conversation = await shop.customerWrites({ name: 'Live Customer' }, words);
      await line('message.received', `length ${words.length}`).waitFor();
      const text = await line('message.received').innerText();
      for (const fact of ['webchat', 'contact', 'text', conversation]) assert.ok(text.includes(fact), fact);
      assert.equal((await side.innerHTML()).includes('horse'), false);
      await side.getByText(/No events yet/).waitFor({ state: 'hidden' });
    });

    it('filters, pauses and clears', async () => {
      const filter = side.getByRole('searchbox', { name: 'Filter events' });
      await filter.fill('nothing like it');
      await side.getByText('No event fits the filter.').waitFor();
      await filter.fill('webchat');
      await line('message.received').waitFor();
      await filter.fill('');
      await side.getByRole('button', { name: 'Clear' }).click();
      await side.getByRole('button', { name: 'Pause' }).click();
      await side.getByText(/^Paused/).waitFor();
      const report = window.page.waitForResponse(async (response) => {
        if (!response.url().includes('/linktor/accounts')) return false;
        return ((await response.json()) as { lines: unknown[] }).lines.length > 0;
      });
      await shop.customerWrites({ name: 'Patient Customer' }, 'Hello?');
      await report;
      assert.equal(await line('message.received').count(), 0);
      await side.getByRole('button', { name: 'Go on' }).click();
      await line('message.received').waitFor();
    });

    it('writes as the customer of a sandbox', async () => {
      const box = side.getByRole('region', { name: 'Be the customer' });
      const conversation = String(await box.getByRole('combobox', { name: 'Conversation' }).inputValue());
      await box.getByRole('textbox', { name: 'Write as the customer' }).fill('Is anybody there?');
      await window.page.keyboard.press('Enter');
      await until('the message', async () =>
        (await messages(conversation)).find(
          ({ text, direction }) => text === 'Is anybody there?' && direction === 'inbound',
        ),
      );
      await until('an empty line', async () => (await box.getByRole('textbox').inputValue()) === '');
    });

    it('presses a button that the shop has just offered, and reads what it said', async () => {
      const box = side.getByRole('region', { name: 'Be the customer' });
      const conversation = String(await box.getByRole('combobox', { name: 'Conversation' }).inputValue());
      const interactive = {
        type: 'button',
        body: { text: 'Shall we send it?' },
        action: { buttons: [{ type: 'reply', id: 'yes', title: 'Yes, please' }] },
      };
      const body = { contentType: 'interactive', interactive };
      const { status, text } = await shop.ask('POST', `/conversations/${conversation}/messages`, body);
      assert.ok(status < 300, text);
      await box.getByText('Shall we send it?').waitFor();
      await box.getByRole('button', { name: 'Yes, please' }).click();
      await until('the answer', async () =>
        (await messages(conversation)).find(({ type, text }) => type === 'interactive' && text === 'Yes, please'),
      );
      await box.getByRole('button', { name: 'Mark as read' }).click();
      await until('no unread message', async () =>
        (await messages(conversation)).every(({ direction, status }) => direction === 'inbound' || status === 'read'),
      );
      await line('message.read').waitFor();
    });

    it('is reached and worked by the keyboard', async () => {
      const { page } = window;
      await side.locator('.linktor-side-choice').focus();
      const seen: string[] = [];
      for (let step = 0; step < 10; step++) {
        await page.keyboard.press('Tab');
        seen.push(
          String(
            await page.evaluate(
              `document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText`,
            ),
          ),
        );
      }
      const wanted = [
        'Filter events',
        'Pause',
        'Clear',
        'Events',
        'Connection statistics',
        'Be the customer (sandbox)',
        'Conversation',
        'Write as the customer',
        'Send',
      ];
      assert.deepEqual(
        seen.map((one) => one.trim()).filter((one) => wanted.includes(one)),
        wanted,
      );
    });

    it('says of another account that nobody answers there, and offers no customer', async () => {
      await choose('Nobody');
      await side.locator('.linktor-side-state', { hasText: /reconnecting/ }).waitFor();
      await side.getByRole('region', { name: 'Be the customer' }).waitFor({ state: 'hidden' });
      await choose('Shop');
      await side.locator('.linktor-side-state', { hasText: 'connected' }).waitFor();
    });

    it('goes on after a deploy', async () => {
      const deployed = window.page.waitForResponse((response) => response.url().includes('/linktor/accounts'));
      await red.deploy(flow(`http://127.0.0.1:${await closedPort()}`));
      await deployed;
      await shop.heard();
      await shop.customerWrites({ name: 'Later Customer' }, 'x'.repeat(77));
      await line('message.received', 'length 77').waitFor();
    });

    it('speaks the language of the browser', async () => {
      const german = await openEditor(browser, red, 'de');
      try {
        await german.page.evaluate(`RED.actions.invoke('linktor:show-sidebar')`);
        await german.page.locator('.linktor-side-state', { hasText: 'verbunden' }).waitFor();
        await german.page.getByPlaceholder('Ereignisse filtern').waitFor();
        assert.deepEqual(german.record.errors, []);
      } finally {
        await german.context.close();
      }
    });

    it('never complained, and never told a secret', async () => {
      const { answers, frames } = await window.record.received();
      assert.deepEqual(window.record.errors, []);
      const asked = answers.filter((answer) => /\/linktor\/(accounts|account\/)/.test(answer.split('\n', 1)[0] ?? ''));
      assert.ok(
        asked.length > 5 && frames.some((frame) => frame.includes('linktor/activity')),
        'something was looked at',
      );
      for (const told of [...asked, ...frames]) {
        assert.equal(/canary|sandbox-key/.test(told), false, told.slice(0, 300));
      }
      assert.equal([...answers, ...frames].filter((told) => told.includes(secret)).length, 0);
      assert.equal(
        [...asked.filter((one) => !one.includes('/sandbox')), ...frames].join().includes('horse battery'),
        false,
      );
    });
  });
}
