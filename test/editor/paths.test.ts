import { strict as assert } from 'node:assert';
import type { Browser, Locator, Page } from 'playwright-core';
import { type Sandbox, startSandbox } from '../../sandbox';
import { chromiumPath, editorIsReady, launch, openEditor } from '../support/browser';
import { Red, red4, Shop, until } from '../support/red';

interface Sent {
  text: string;
}

/** A user with a mouse: every click, every drag and every field that is filled is counted. */
class Hand {
  count = 0;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async click(target: Locator): Promise<void> {
    this.count++;
    await target.click();
  }

  async fill(target: Locator, text: string): Promise<void> {
    this.count++;
    await target.fill(text);
  }

  async choose(target: Locator, option: string): Promise<void> {
    this.count++;
    await target.selectOption(option);
  }

  /** Out of the palette onto the canvas. @returns the id of the new node */
  async drag(type: string, x: number, y: number): Promise<string> {
    this.count++;
    const template = this.#page.locator(`[data-palette-type="${type}"]`);
    await template.scrollIntoViewIfNeeded();
    await template.dragTo(this.#page.locator('#red-ui-workspace-chart'), { targetPosition: { x, y } });
    return String(await this.#page.evaluate(`RED.nodes.filterNodes({ type: '${type}' }).at(-1).id`));
  }

  async paste(into: Locator, text: string): Promise<void> {
    this.count++;
    await into.evaluate((element, text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', text);
      element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }, text);
  }

  async wire(from: string, to: string, port = 0): Promise<void> {
    this.count++;
    const { mouse } = this.#page;
    const place = async (id: string, side: string, nth = 0) => {
      const port = this.#page.locator(`[id="${id}"] .red-ui-flow-port-${side} .red-ui-flow-port`).nth(nth);
      const box = await port.boundingBox();
      return { x: (box?.x ?? 0) + 5, y: (box?.y ?? 0) + 5 };
    };
    const [start, end] = [await place(from, 'output', port), await place(to, 'input')];
    await mouse.move(start.x, start.y);
    await mouse.down();
    await mouse.move(end.x - 20, end.y, { steps: 5 });
    await mouse.move(end.x, end.y, { steps: 3 });
    await mouse.up();
  }

  async open(id: string): Promise<void> {
    this.count++;
    await this.#page.locator(`[id="${id}"] .red-ui-flow-node-label`).first().dblclick({ force: true });
    await this.#page.locator('#node-dialog-ok').waitFor();
  }

  async done(): Promise<void> {
    await this.click(this.#page.locator('#node-dialog-ok'));
    await this.#page.locator('.red-ui-tray').waitFor({ state: 'detached' });
  }

  async deploy(): Promise<void> {
    const deployed = this.#page.waitForResponse(
      (response) => response.url().endsWith('/flows') && response.request().method() === 'POST',
    );
    await this.click(this.#page.locator('#red-ui-header-button-deploy'));
    assert.ok((await deployed).ok());
  }
}

describe('what a new user does, counted', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  let shop: Shop;
  let red: Red;
  let browser: Browser;
  let page: Page;

  before(async function () {
    if (chromiumPath === '' || !red4.red) return this.skip();
    sandbox = await startSandbox();
    shop = new Shop(sandbox.url);
    [red, browser] = await Promise.all([
      Red.start({ version: red4, flow: [{ id: 'tab', type: 'tab', label: 'New' }] }),
      launch(),
    ]);
    ({ page } = await openEditor(browser, red));
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  after(async () => {
    await browser?.close();
    await red?.stop();
    await sandbox?.close();
  });

  async function sends(): Promise<Sent[]> {
    const response = await fetch(`${sandbox.url}/_sandbox/state`);
    return ((await response.json()) as { sends: Sent[] }).sends;
  }

  it('a first bot, from an empty flow and without an account: 12 at most', async () => {
    const hand = new Hand(page);
    const [heard, answer] = [
      await hand.drag('linktor-message-in', 200, 140),
      await hand.drag('linktor-send', 480, 140),
    ];
    await hand.wire(heard, answer);
    await hand.open(answer);
    await hand.click(page.locator('#node-input-btn-config-add'));
    await hand.fill(page.locator('#node-config-input-baseUrl'), sandbox.url);
    await hand.fill(page.locator('#node-config-input-apiKey'), 'sandbox-key');
    await hand.click(page.locator('#node-config-dialog-ok'));
    await page.locator('#node-config-dialog-ok').waitFor({ state: 'detached' });
    await hand.fill(page.locator('.linktor-area textarea'), 'Hello {{contact.name}}, we are here for you.');
    await hand.done();
    await hand.deploy();
    await shop.heard();
    const conversation = await shop.customerWrites({ name: 'Eva' }, 'Hi');
    assert.equal((await shop.answered(conversation)).text, 'Hello Eva, we are here for you.');
    await page.locator('.red-ui-flow-node-status-label', { hasText: /^sent \d\d:\d\d$/ }).waitFor();
    assert.ok(hand.count <= 12, `${hand.count} interactions`);
  });

  it('a menu with three buttons and three different answers: 30 at most', async () => {
    await red.deploy([
      { id: 'tab', type: 'tab', label: 'New' },
      { id: 'account', type: 'linktor-config', baseUrl: sandbox.url, credentials: { apiKey: 'sandbox-key' } },
    ]);
    await page.reload();
    await editorIsReady(page);
    const hand = new Hand(page);
    const heard = await hand.drag('linktor-message-in', 160, 140);
    const router = await hand.drag('linktor-router', 360, 140);
    const nodes: string[] = [];
    for (const y of [60, 120, 180, 240]) nodes.push(await hand.drag('linktor-send', 620, y));
    const menu = nodes.pop() ?? '';
    const answers = ['We open at nine.', 'Five days.', 'Somebody will be with you soon.'];
    await hand.wire(heard, router);
    await hand.open(router);
    await hand.paste(page.locator('[data-field="rules"] [data-column="value"]').first(), 'Hours\nShipping\nA person');
    await hand.choose(page.locator('[data-field="rules"] [data-column="rule"]').nth(3), 'otherwise');
    await hand.done();
    for (const [port, target] of [...nodes, menu].entries()) await hand.wire(router, target, port);
    for (const [index, id] of nodes.entries()) {
      await hand.open(id);
      await hand.fill(page.locator('.linktor-area textarea'), String(answers[index]));
      await hand.done();
    }
    await hand.open(menu);
    await hand.choose(page.locator('#node-input-kind'), 'buttons');
    await hand.fill(page.locator('[data-field="text"] .linktor-area textarea'), 'How can we help?');
    await hand.paste(page.locator('[data-field="buttons"] [data-column="title"]').first(), 'Hours\nShipping\nA person');
    await hand.done();
    await hand.deploy();
    await shop.heard();
    const conversation = await shop.customerWrites({ name: 'Rosa' }, 'Hello');
    assert.equal((await shop.answered(conversation)).text, 'How can we help?');
    for (const [index, title] of ['Hours', 'Shipping', 'A person'].entries()) {
      const before = (await sends()).length;
      await shop.customerWrites({ name: 'Rosa' }, title);
      const [sent] = await until('the answer', async () => {
        const fresh = (await sends()).slice(before);
        return fresh.length > 0 ? fresh : undefined;
      });
      assert.equal(sent?.text, answers[index]);
    }
    assert.ok(hand.count <= 30, `${hand.count} interactions`);
  });

  it('three people with a text of their own each, out of a spreadsheet: 14 at most', async () => {
    const hand = new Hand(page);
    const before = (await sends()).length;
    const [begin, send] = [await hand.drag('inject', 200, 340), await hand.drag('linktor-send', 480, 340)];
    await hand.wire(begin, send);
    await hand.open(send);
    await hand.choose(page.locator('#node-input-to'), 'list');
    const people = [
      '+5511988880001\tAna\tHello Ana',
      '+5511988880002\tBruno\tHi Bruno',
      '+5511988880003\tCarla\tHey Carla',
    ];
    await hand.paste(page.locator('[data-field="recipients"] [data-column="address"]'), people.join('\n'));
    const channel = page.locator('[data-field="channel"]');
    await hand.click(channel.locator('.red-ui-typedInput-option-expand'));
    await hand.click(channel.locator('[role=option]', { hasText: 'WhatsApp' }).first());
    await hand.done();
    await hand.deploy();
    await hand.click(page.locator(`[id="${begin}"] .red-ui-flow-node-button-button`));
    const sent = await until('three messages', async () => {
      const fresh = (await sends()).slice(before);
      return fresh.length >= 3 ? fresh : undefined;
    });
    assert.deepEqual(sent.map(({ text }) => text).sort(), ['Hello Ana', 'Hey Carla', 'Hi Bruno']);
    assert.ok(hand.count <= 14, `${hand.count} interactions`);
  });
});
