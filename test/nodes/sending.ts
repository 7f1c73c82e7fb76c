import http from 'node:http';
import type { AddressInfo } from 'node:net';
import linktor from '../../nodes';
import type { RED } from '../../nodes/kit/red';
import { contractUnderTest, type FlowNode, type FlowSetup, type Message } from '../support/flows';
import { askHosted } from '../support/hosted';

// biome-ignore lint/suspicious/noExplicitAny: what a server stores, looked at field by field
export type Loose = Record<string, any>;

/** A send node on its own, with its output in the probe `out`. */
export const sendNode = (more: Record<string, unknown> = {}): FlowNode[] => [
  { id: 'node', type: 'linktor-send', config: 'account', wires: [['out']], ...more },
  { id: 'out', type: 'probe' },
];

/** Settings of a send node with a template for when the window has closed. */
export const withTemplate = {
  ifWindowClosed: 'template',
  windowTemplate: 'order_update',
  windowTemplateType: 'str',
  windowLanguage: 'pt_BR',
  windowParameters: '["4711"]',
  windowParametersType: 'json',
};

/** Asks the sandbox as any client would. */
export function asking(setup: FlowSetup) {
  return async (method: string, path: string, body?: object): Promise<Loose> => {
    if (contractUnderTest === 'server') return (await askHosted(setup.sandbox.url, method, path, body)) as Loose;
    const headers = { 'X-API-Key': 'sandbox-key', 'content-type': 'application/json' };
    const response = await fetch(`${setup.sandbox.url}${path}`, {
      method,
      headers,
      body: body && JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Loose;
  };
}

/** A conversation of Ana's in a channel of this type. */
export async function conversationIn(ask: ReturnType<typeof asking>, type: string): Promise<Loose> {
  const channel = await ask('POST', '/channels', { name: type, type, config: {} });
  await ask('POST', `/channels/${channel.id}/connect`);
  return ask('POST', '/conversations', { channelId: channel.id, contactId: 'ct_ana' });
}

/** What an error tells beside its message. */
export const detailsOf = (error: Message['error']): Loose => (error?.cause.details ?? {}) as Loose;

/** A picture of one pixel. */
export const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** Node-RED's HTTP nodes under an address of their own, as a channel sees them. */
export function publicPages() {
  const server = http.createServer();
  before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterEach(() => void server.removeAllListeners('request'));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    get url(): string {
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    /** the package, for one Node-RED after the other */
    load(red: RED): void {
      server.removeAllListeners('request');
      server.on('request', red.httpNode as never);
      linktor(red);
    },
  };
}
