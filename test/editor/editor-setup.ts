// A sandbox, a Node-RED and an editor in a browser, for the suites that look at them together.
import type { Browser, Page } from 'playwright-core';
import { palette } from '../../nodes';
import { type Sandbox, startSandbox } from '../../sandbox';
import { chromiumPath, launch, openEditor, type Window } from '../support/browser';
import { type FlowNode, isFree, Red, Shop, until, type Version } from '../support/red';

export const inPalette = palette.filter(({ role }) => role !== 'config').map(({ type }) => type);

/** Secrets of this flow: none of them may ever come back. The key of the sandbox is none, its examples name it. */
export const canaries = {
  webhookSecret: 'canary-of-the-webhook',
  previousWebhookSecret: 'canary-of-the-webhook-before',
  password: 'canary-of-the-password',
};

export interface EditorSetup {
  readonly version: Version;
  readonly sandbox: Sandbox;
  readonly red: Red;
  readonly browser: Browser;
  readonly window: Window;
  readonly page: Page;
  /** of a user of the sandbox */
  readonly token: string;
  /** Ask a control route of the sandbox. */
  control(route: string, body?: object): Promise<void>;
}

/**
 * Starts all of it before the tests of a describe, and ends it after them.
 * @param ownServer with a self-hosted server as well, and the account `own-server` of it
 */
export function setUpEditor(version: Version, { ownServer = false } = {}): EditorSetup {
  let own: Sandbox | undefined;
  const held = { version } as { -readonly [K in keyof EditorSetup]: EditorSetup[K] };

  before(async function () {
    if (chromiumPath === '' || !version.red) return this.skip();
    // The example's own address, when nobody else has it.
    held.sandbox = await startSandbox({ port: (await isFree(4010)) ? 4010 : 0 }).catch(() => startSandbox());
    const { url } = held.sandbox;
    // A connection kept from an earlier sandbox on this port may be a dead one.
    await until('the sandbox', () =>
      fetch(`${url}/health`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    const login = { email: 'demo@linktor.local', password: 'sandbox' };
    held.token = (await new Shop(url).ask('POST', '/auth/login', login)).json.accessToken;
    own = ownServer ? await startSandbox({ contract: 'server' }) : undefined;
    const flow = [...flowFor(url, held.token), ...(own ? [ownAccount(own.url)] : [])];
    const starting = Red.start({ version, flow });
    [held.red, held.browser] = await Promise.all([starting, launch()]);
    held.window = await openEditor(held.browser, held.red);
    held.page = held.window.page;
  });

  // A test that fails leaves its dialog to nobody.
  afterEach(async () => {
    const cancel = held.page?.locator('#node-config-dialog-cancel, #node-dialog-cancel');
    while (cancel && (await cancel.count()) > 0) {
      await cancel.last().click();
      await held.page.locator('.red-ui-tray').last().waitFor({ state: 'detached' });
    }
  });

  after(async () => {
    await held.browser?.close();
    await held.red?.stop();
    await held.sandbox?.close();
    await own?.close();
  });

  held.control = async (route, body = {}) => {
    const response = await fetch(`${held.sandbox.url}/_sandbox/${route}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${route} answered ${response.status}`);
  };
  return held;
}

function ownAccount(baseUrl: string): FlowNode {
  const credentials = { email: 'demo@linktor.local', password: 'sandbox' };
  return { id: 'own-server', type: 'linktor-config', baseUrl, contract: 'server', signIn: 'password', credentials };
}

/** Two of each type, and the accounts they need. */
function flowFor(baseUrl: string, accessToken: string): FlowNode[] {
  const config = { type: 'linktor-config', baseUrl };
  const nodes: FlowNode[] = [
    { id: 'tab', type: 'tab', label: 'All' },
    { ...config, id: 'account', credentials: { apiKey: 'sandbox-key', ...canaries } },
    { ...config, id: 'other', signIn: 'accessToken', credentials: { accessToken } },
    { ...config, id: 'twin', credentials: { apiKey: 'shared-by-two' } },
    { ...config, id: 'twin-too', name: 'Twin', credentials: { apiKey: 'shared-by-two' } },
  ];
  for (const { type, role } of palette) {
    if (role === 'config' && type !== config.type)
      nodes.push({ id: `first-${type}`, type }, { id: `second-${type}`, type });
  }
  for (const [index, type] of inPalette.entries()) {
    const shared = { type, z: 'tab', config: 'account', x: 200, wires: [] };
    nodes.push({ ...shared, id: `first-${type}`, y: 60 + index * 60 });
    nodes.push({ ...shared, id: `second-${type}`, y: 60 + index * 60, x: 500, config: 'other' });
  }
  return nodes;
}
