import { strict as assert } from 'node:assert';
import type { Browser, Locator } from 'playwright-core';
import { type Sandbox, startSandbox } from '../../sandbox';
import { chromiumPath, launch, openEditor, type Window } from '../support/browser';
import { Red, red4, red5 } from '../support/red';
import { StoreServer, storeServerPath } from '../support/store';
import { assertAccessible } from './axe';

describe('the instances in the sidebars of two Node-REDs', function () {
  this.timeout(60_000);
  let store: StoreServer;
  let sandbox: Sandbox;
  let browser: Browser;
  const reds: Red[] = [];
  const windows: Window[] = [];
  let [a, b]: (Locator | undefined)[] = [];

  before(async function () {
    const file = await storeServerPath();
    if (chromiumPath === '' || !red5.red || !file) return this.skip();
    [store, sandbox, browser] = await Promise.all([StoreServer.start(file), startSandbox(), launch()]);
    for (const [name, version] of [
      ['A', red4],
      ['B', red5],
    ] as const) {
      const red = await Red.start({ version, flow: flowFor(name) });
      reds.push(red);
      await red.program.printed(name === 'A' ? /A leads/ : /standby: A leads/);
      const window = await openEditor(browser, red);
      windows.push(window);
      await window.page.evaluate(`RED.actions.invoke('linktor:show-sidebar')`);
    }
    [a, b] = windows.map(({ page }) => page.getByRole('region', { name: 'Instances' }));
  });

  after(async () => {
    await browser?.close();
    for (const red of reds) await red.stop();
    await sandbox?.close();
    await store?.close();
  });

  function flowFor(name: string): object[] {
    return [
      { id: 'tab', type: 'tab', label: 'Side' },
      {
        ...{ id: 'account', type: 'linktor-config', name: 'Shop', baseUrl: sandbox.url },
        ...{ instances: 'several', redisUrl: store.url, instanceName: name, outbox: 'durable' },
        credentials: { apiKey: 'sandbox-key' },
      },
      {
        ...{ id: 'in', type: 'linktor-message-in', z: 'tab', config: 'account', conversations: 'all' },
        ...{ x: 200, y: 80, wires: [[]] },
      },
      { id: 'inject', type: 'inject', z: 'tab', x: 100, y: 140, props: [], wires: [['send']] },
      { id: 'send', type: 'linktor-send', z: 'tab', config: 'account', x: 300, y: 140, wires: [[]] },
    ];
  }

  const line = (side: Locator | undefined, name: string, words = '') =>
    (side as Locator).locator(`[data-instance="${name}"]`, { hasText: words }).waitFor();
  const press = (side: Locator | undefined, name: string) =>
    (side as Locator).getByRole('button', { name, exact: true }).click();
  const shown = (side: Locator | undefined) => (side as Locator).getByRole('button').allInnerTexts();

  it('both show both, since when each is there, and which one leads', async () => {
    for (const side of [a, b]) {
      await line(side, 'A', 'leads');
      await line(side, 'B');
      await side?.getByText('Instances: 2').waitFor();
    }
    assert.match((await a?.locator('[data-instance="A"]').innerText()) ?? '', /this one · since \d\d:\d\d/);
    assert.match((await b?.innerText()) ?? '', /to be sent: 0/);
    assert.deepEqual(
      (await shown(a)).map((text) => text.trim()),
      ['Hand over', 'Drain'],
    );
    assert.deepEqual(
      (await shown(b)).map((text) => text.trim()),
      ['Drain'],
    );
    for (const { page } of windows) await assertAccessible(page, '.linktor-side');
  });

  it('what one hands over, the other one shows that it has', async () => {
    await press(a, 'Hand over');
    await line(b, 'B', 'leads');
    await line(a, 'B', 'leads');
    await b?.getByRole('button', { name: 'Hand over', exact: true }).waitFor();
    await a?.getByRole('button', { name: 'Hand over', exact: true }).waitFor({ state: 'hidden' });
  });

  it('one that is drained takes nothing new, and takes part again, by the keyboard as well', async () => {
    await press(a, 'Drain');
    await line(b, 'A', 'takes nothing new');
    const again = a?.getByRole('button', { name: 'Take part again', exact: true });
    await again?.focus();
    await windows[0]?.page.keyboard.press('Enter');
    await again?.waitFor({ state: 'hidden' });
    assert.equal(await windows[0]?.page.evaluate('document.activeElement.tagName'), 'SUMMARY');
    await line(b, 'A');
    await b?.locator('[data-instance="A"]', { hasText: 'takes nothing new' }).waitFor({ state: 'hidden' });
  });

  it('says that the store is away and what waits on this disk, and that it is back', async () => {
    await store.down();
    await b?.getByText('store away').waitFor();
    await reds[1]?.inject('inject', { conversationId: 'conv_ana', payload: 'kept' });
    await b?.getByText('on disk here until the store is back: 1').waitFor();
    await store.up();
    await b?.getByText('Instances: 2').waitFor();
    await b?.getByText(/^to be sent: 0$/).waitFor();
  });

  it('one that is killed is gone from the sidebar of the other', async () => {
    await reds[0]?.program.end('SIGKILL');
    await b?.locator('[data-instance="A"]').waitFor({ state: 'detached' });
    await line(b, 'B', 'leads');
    await b?.getByText('Instances: 1').waitFor();
    assert.deepEqual(windows[1]?.record.errors, []);
  });
});
