import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { type Sandbox, startSandbox } from '../../sandbox';
import { withWords } from '../../sandbox/page/words';
import { chromiumPath, launch, openWindow } from '../support/browser';
import { root, Shop, until } from '../support/red';

(chromiumPath ? describe : describe.skip)('the chat page', function () {
  this.timeout(60_000);
  let browser: Browser;
  let sandbox: Sandbox;
  let shop: Shop;

  before(async () => {
    browser = await launch();
  });
  after(() => browser.close());
  beforeEach(async () => {
    const page = withWords(readFileSync(path.join(root, 'sandbox/page/index.html'), 'utf8'));
    sandbox = await startSandbox({ page });
    shop = new Shop(sandbox.url);
  });
  afterEach(() => sandbox.close());

  async function open(locale?: string): Promise<Page> {
    const { page } = await openWindow(browser, locale);
    await page.goto(sandbox.url);
    await page.locator('[data-conversation-id="conv_ana"]').click();
    return page;
  }

  const shown = (page: Page, text: string) => page.locator('[data-testid=message]', { hasText: text });

  async function say(text: string): Promise<void> {
    const { status } = await shop.ask('POST', '/conversations/conv_ana/messages', { contentType: 'text', text });
    assert.ok(status < 300);
  }

  async function statusOf(text: string): Promise<unknown> {
    const { json } = await shop.ask('GET', '/conversations/conv_ana/messages?limit=50');
    return json.data.find((one: Record<string, unknown>) => one.text === text)?.status;
  }

  it('delivers, reads and fails a message by hand, and reads nothing by itself then', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Receipts by hand' }).click();
    await page.locator('#by-hand[aria-pressed=true]').waitFor();
    await say('one');
    await shown(page, 'one').locator('[data-receipt=delivered]').click();
    await shown(page, 'one').locator('[data-receipt=read]').waitFor();
    assert.equal(await statusOf('one'), 'delivered', 'it is on the screen, and not read');
    await shown(page, 'one').locator('[data-receipt=read]').click();
    await page.locator('[data-status=read]', { hasText: 'one' }).waitFor();
    await say('two');
    await shown(page, 'two').locator('[data-receipt=failed]').click();
    await page.locator('[data-status=failed]', { hasText: 'two' }).waitFor();
    assert.deepEqual([await statusOf('one'), await statusOf('two')], ['read', 'failed']);
    await page.getByRole('button', { name: 'Receipts by hand' }).click();
    await page.locator('#by-hand[aria-pressed=false]').waitFor();
    await say('three');
    await until('a message that is read', async () => (await statusOf('three')) === 'read');
  });

  it('forgets what a reset has taken away, in the open conversation too', async () => {
    const page = await open();
    await say('before the reset');
    await shown(page, 'before the reset').waitFor();
    await fetch(`${sandbox.url}/_sandbox/reset`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    await shown(page, 'before the reset').waitFor({ state: 'detached' });
  });

  it('speaks the language of the browser', async () => {
    const page = await open('de');
    await page.getByRole('button', { name: 'Neu beginnen' }).waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'de');
    await page.getByPlaceholder(/^Als .* schreiben$/).waitFor();
    const english = /\b(the|you|and|customers?|write|messages?|file|cancel)\b/i;
    for (const part of ['.top', '.list > header', '.hint', '.composer']) {
      assert.doesNotMatch(await page.locator(part).innerText(), english);
    }
    for (const opener of ['[data-testid=new-customer]', '#attach', '#start-over']) {
      await page.locator(opener).click();
      assert.doesNotMatch(await page.locator('dialog[open]').innerText(), english);
      await page.locator('dialog[open] [data-close]').click();
    }
  });
});
