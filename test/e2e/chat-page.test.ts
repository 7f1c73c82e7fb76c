import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox';
import { chromiumPath, launch, openWindow } from '../support/browser';
import { root } from '../support/red';

const buttons = [
  { type: 'reply', id: 'yes~lk1234', title: 'Yes' },
  { type: 'reply', id: 'no~lk1234', title: 'No' },
];
const rows = ['Red', 'Blue'].map((title) => ({ id: title.toLowerCase(), title, description: `the ${title} one` }));

(chromiumPath ? describe : describe.skip)('the chat page shows what can be pressed, and what was', function () {
  this.timeout(60_000);
  let browser: Browser;
  let sandbox: Sandbox;

  before(async () => {
    browser = await launch();
  });
  after(() => browser.close());
  afterEach(() => sandbox.close());

  async function open(options: SandboxOptions, conversation: string): Promise<Page> {
    sandbox = await startSandbox({
      ...options,
      page: readFileSync(path.join(root, 'sandbox/page/index.html'), 'utf8'),
    });
    const { page } = await openWindow(browser);
    await page.goto(`${sandbox.url}/#${conversation}`);
    await page.locator(`[data-conversation-id="${conversation}"]`).click();
    return page;
  }

  async function ask(path: string, body: object, headers: Record<string, string>): Promise<Record<string, unknown>> {
    const response = await fetch(`${sandbox.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    assert.ok(response.ok, `${path}: ${response.status} ${await response.clone().text()}`);
    return (await response.json()) as Record<string, unknown>;
  }

  const choices = (page: Page) => page.locator('[data-testid="choice-button"]');

  async function press(page: Page, title: string): Promise<void> {
    await choices(page).filter({ hasText: title }).click();
    // The page shows it once the sandbox has stored it.
    await page.locator('[data-testid="choice-button"][aria-pressed="true"]', { hasText: title }).waitFor();
  }

  it('buttons and lists of the documented API', async () => {
    const page = await open({}, 'conv_ana');
    const send = (interactive: object) =>
      ask('/conversations/conv_ana/messages', { interactive }, { 'x-api-key': 'sandbox-key' });
    await send({ type: 'button', body: { text: 'Sure?' }, action: { buttons } });
    await press(page, 'Yes');
    await send({
      type: 'list',
      body: { text: 'Which?' },
      action: { button: 'Choose', sections: [{ title: 'Colours', rows }] },
    });
    await press(page, 'Blue');
    await page.locator('[data-testid="picked"]').nth(1).waitFor();
    assert.equal(await page.locator('[data-testid="picked"]').count(), 2);
    // It is still there for whoever opens the page later.
    await page.reload();
    await page.locator('[data-conversation-id="conv_ana"]').click();
    await choices(page).first().waitFor();
    assert.deepEqual(await choices(page).evaluateAll((all) => all.map((one) => one.getAttribute('aria-pressed'))), [
      'true',
      'false',
      'false',
      'true',
    ]);
  });

  it('those that a self-hosted server passes on as JSON', async () => {
    const page = await open({ contract: 'server' }, 'conv_bruno');
    const signedIn = await ask('/api/v1/auth/login', { email: 'demo@linktor.local', password: 'sandbox' }, {});
    const token = JSON.stringify(signedIn).match(/"access_token":"([^"]+)"/)?.[1] ?? '';
    const reply = buttons.map(({ id, title }) => ({ type: 'reply', reply: { id, title } }));
    const content = JSON.stringify({ type: 'button', body: { text: 'Sure?' }, action: { buttons: reply } });
    const path = '/api/v1/conversations/conv_bruno/messages';
    await ask(path, { content_type: 'interactive', content }, { authorization: `Bearer ${token}` });
    await page.getByText('Sure?', { exact: true }).last().waitFor();
    assert.equal(await page.getByText('"action"').count(), 0);
    await press(page, 'No');
  });
});
