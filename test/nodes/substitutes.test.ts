import { strict as assert } from 'node:assert';
import { OptOuts } from '../../lib/charge';
import { LinktorClient } from '../../lib/client';
import { createLedger } from '../../lib/ledger';
import type { Event, Outgoing } from '../../lib/model';
import type { Listener } from '../../lib/realtime';
import { Sender } from '../../lib/sending';
import type { LiveSide } from '../../nodes/kit/account/led-realtime';
import { SentLog } from '../../nodes/kit/account/sent-log';
import { Substitutes } from '../../nodes/kit/account/substitutes';
import { type Sandbox, startSandbox } from '../../sandbox';
import { until } from '../support/flows';

const instead: Outgoing = { type: 'template', template: { name: 'order_update', language: 'en' } };
const failed: Event = {
  ...{ name: 'message.failed', conversationId: 'conv_ana', messageId: 'm2', status: 'failed' },
  original: { error: '[131047] Re-engagement message' },
};
const result = { messageId: 'm1', messageIds: ['m1', 'm2'], status: 'sent', conversationId: 'conv_ana', parts: 2 };

describe('a template in place of a message, with several instances', () => {
  let sandbox: Sandbox;
  let client: LinktorClient;
  const open: Substitutes[] = [];
  before(async () => {
    sandbox = await startSandbox();
    client = new LinktorClient({ baseUrl: sandbox.url, apiKey: 'sandbox-key' });
  });
  after(async () => {
    for (const one of open) one.close();
    await client.close();
    await sandbox.close();
  });

  const ledger = createLedger({ keepIn: 'memory', keepDays: 1 });
  const optOuts = new OptOuts({
    ledger: () => ledger,
    isOn: false,
    outWords: [],
    inWords: [],
    language: () => 'en-US',
  });

  /** One instance; all share one ledger. @returns it, and what tells it an event */
  function instance() {
    const listeners: Listener[] = [];
    const realtime = {
      listen: (listener: Listener) => {
        listeners.push(listener);
        return () => {};
      },
      subscribe: () => () => {},
      onState: () => () => {},
      subscribeAll: () => () => {},
    } as unknown as LiveSide;
    const warned: string[] = [];
    const substitutes = new Substitutes({
      ...{ ledger: () => ledger, client: () => client, realtime: () => realtime, sender: () => new Sender() },
      ...{ sentLog: new SentLog(), charge: { gate: () => undefined, optOuts }, areSeveral: true },
      log: { info() {}, warn: (text) => warned.push(text) },
      whenStarted: (act) => {
        act();
        return () => {};
      },
    });
    open.push(substitutes);
    const tell = (event: Event) => {
      for (const listener of listeners) listener({ event } as Parameters<Listener>[0]);
    };
    return { substitutes, tell, warned };
  }

  const templates = async () => {
    const { items } = await client.conversations.messages('conv_ana');
    return items.filter(({ template }) => template?.name === 'order_update').length;
  };

  it('goes out once, whoever has sent the message and whoever hears of it', async () => {
    const [sender, leader, next] = [instance(), instance(), instance()];
    leader.substitutes.resume();
    next.substitutes.resume();
    await sender.substitutes.expect({ ...result, at: '' }, instead, { obeyTakeover: true });
    for (const { tell } of [leader, next, sender, leader]) tell(failed);
    await until(templates, (count) => count > 0);
    assert.equal(await sender.substitutes.replace('m1', '131047'), undefined);
    assert.equal(await leader.substitutes.replace('m2', '131047'), undefined);
    // An outbox that was killed before it had noted its answer finds the message again.
    await sender.substitutes.expect({ ...result, at: '' }, instead, { obeyTakeover: true });
    sender.tell(failed);
    assert.equal(await sender.substitutes.replace('m1', '131047'), undefined);
    assert.equal(await templates(), 1);
    assert.deepEqual([...sender.warned, ...leader.warned, ...next.warned], []);
  });
});
