import type { Browser } from 'playwright-core';
import { type Sandbox, startSandbox } from '../../sandbox';
import { chromiumPath, launch, openEditor } from '../support/browser';
import { closedPort, type FlowNode, Red, versions } from '../support/red';

interface Trouble {
  what: string;
  account(sandbox: Sandbox): Promise<Record<string, unknown>> | Record<string, unknown>;
  /** what the debug sidebar says when the error is unfolded */
  debug: RegExp[];
  /** the status of the node that sends */
  status: string;
  /** the status of the node that listens */
  listening: string;
  /** what the Linktor sidebar says */
  side: RegExp[];
}

const troubles: readonly Trouble[] = [
  {
    what: 'a wrong key',
    account: ({ url }) => ({ baseUrl: url, credentials: { apiKey: 'wrong' } }),
    debug: [/This API key is not known/, /Check the key or sign-in of the Linktor account/],
    status: 'not signed in',
    listening: 'not signed in',
    side: [/Check the key, the token or the password/, /Open account/],
  },
  {
    what: 'a wrong URL',
    account: ({ url }) => ({ baseUrl: `${url}/nowhere`, credentials: { apiKey: 'sandbox-key' } }),
    debug: [/There is nothing at \/nowhere/, /check the id, and the Server URL/],
    status: 'not found',
    listening: 'realtime failed',
    side: [/Check the Server URL and the WebSocket URL/, /there is no Linktor API at this address/, /Open account/],
  },
  {
    what: 'a stopped server',
    account: async () => ({
      baseUrl: `http://127.0.0.1:${await closedPort()}`,
      credentials: { apiKey: 'sandbox-key' },
    }),
    debug: [/The server did not answer \(ECONNREFUSED\)/, /check the Server URL and the network/],
    status: 'no connection',
    listening: 'reconnecting',
    side: [/Check the Server URL, the proxy and TLS settings/, /Open account/],
  },
];

/** Without a catch node, without opening a dialog: the screen says what is wrong and what to do. */
for (const version of versions) {
  describe(`what the screen of ${version.name} says when something is wrong`, function () {
    this.timeout(60_000);
    let sandbox: Sandbox;
    let red: Red;
    let browser: Browser;

    before(async function () {
      if (chromiumPath === '' || !version.red) return this.skip();
      sandbox = await startSandbox();
      [red, browser] = await Promise.all([Red.start({ version }), launch()]);
    });

    after(async () => {
      await browser?.close();
      await red?.stop();
      await sandbox?.close();
    });

    for (const { what, account, debug, status, listening, side } of troubles) {
      it(what, async () => {
        await red.deploy(flowWith(await account(sandbox)));
        const { page, context } = await openEditor(browser, red);
        await page.evaluate(`RED.actions.invoke('core:show-debug-tab')`);
        await page.locator('[id="press"] .red-ui-flow-node-button-button').click();
        const said = page.locator('.red-ui-debug-msg').last();
        await said.locator('.red-ui-debug-msg-object-header').first().click({ timeout: 30_000 });
        for (const words of debug) await said.getByText(words).filter({ visible: true }).first().waitFor();
        const shown = (id: string) => page.locator(`[id="${id}"] .red-ui-flow-node-status-label`);
        await shown('send').filter({ hasText: status }).waitFor();
        await shown('in').filter({ hasText: listening }).waitFor();
        await page.evaluate(`RED.actions.invoke('linktor:show-sidebar')`);
        for (const words of side) await page.locator('.linktor-side').getByText(words).first().waitFor();
        await context.close();
      });
    }
  });
}

function flowWith(account: Record<string, unknown>): FlowNode[] {
  const placed = { z: 'tab', config: 'account' };
  return [
    { id: 'tab', type: 'tab', label: 'Trouble' },
    { id: 'account', type: 'linktor-config', name: 'Shop', ...account },
    { ...placed, id: 'in', type: 'linktor-message-in', x: 200, y: 60, wires: [] },
    {
      id: 'press',
      type: 'inject',
      z: 'tab',
      x: 200,
      y: 140,
      props: [{ p: 'payload' }],
      payload: 'Hello',
      payloadType: 'str',
      wires: [['send']],
    },
    {
      ...placed,
      id: 'send',
      type: 'linktor-send',
      x: 400,
      y: 140,
      conversation: 'conv_ana',
      conversationType: 'str',
      textType: 'msg',
      wires: [],
    },
  ];
}
