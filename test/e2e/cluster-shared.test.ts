import { strict as assert } from 'node:assert';
import { createHmac } from 'node:crypto';
import type { ClusterFacts, Report } from '../../nodes/sidebar/types';
import { Cluster, noting, webhookSecret } from '../support/cluster';
import { CustomerWriter } from '../support/customer-writer';
import { until } from '../support/red';
import { storeServerPath } from '../support/store';

const names = ['A', 'B', 'C'];
const CONVERSATIONS = 60;

const flow = [
  { id: 'in', type: 'linktor-message-in', conversations: 'all', wires: [['said']] },
  noting('said', `{ what: 'said', text: msg.payload, conversationId: msg.conversationId, choice: msg.choice?.title }`),
  { id: 'hook', type: 'linktor-webhook-in', path: '/hook', wires: [['hooked']] },
  noting('hooked', `{ what: 'hooked', text: msg.event.id }`),
  { id: 'event', type: 'linktor-event-in', events: ['takeover.began', 'sync.gap'], wires: [['told']] },
  noting('told', `{ what: msg.topic, text: '', conversationId: msg.conversationId }`),
  { id: 'asking', type: 'inject', props: [], wires: [['ask']] },
  { id: 'ask', type: 'linktor-ask', kind: 'number', question: 'How many?', questionType: 'str', wires: [['answer']] },
  { id: 'offering', type: 'inject', props: [], wires: [['offer']] },
  {
    ...{ id: 'offer', type: 'linktor-send', kind: 'buttons', text: 'What can we do?', textType: 'str' },
    ...{
      buttons: '[{"id":"a","title":"Shipping"},{"id":"b","title":"Returns"}]',
      buttonsType: 'json',
      wires: [['sent']],
    },
  },
  noting('sent', `{ what: 'offered', text: '', conversationId: msg.conversationId }`),
  noting('answer', `{ what: 'answer', text: String(msg.payload), conversationId: msg.conversationId }`),
];

describe('several instances that share all events', function () {
  this.timeout(120_000);
  let cluster: Cluster;
  let writer: CustomerWriter;

  before(async function () {
    const storeProgram = await storeServerPath();
    if (!storeProgram) return this.skip();
    cluster = await Cluster.start({ names, storeProgram, flow, account: { listening: 'all', takeover: 'on' } });
    await until('lanes for all', () => everybodyHas(1));
    writer = new CustomerWriter(cluster);
    await writer.open(CONVERSATIONS);
  });
  after(() => cluster?.end());

  async function seenBy(name: string): Promise<ClusterFacts> {
    const { json } = await cluster.red(name).ask('GET', '/linktor/accounts?watch=account');
    return (json as Report).cluster as ClusterFacts;
  }
  /** @returns the number of lanes of each running instance, as one of them shows it */
  async function lanes(by = 'C'): Promise<Record<string, number>> {
    const { instances } = await seenBy(by);
    return Object.fromEntries(instances.map(({ name, lanes: own }) => [name, own?.number ?? 0]));
  }
  async function everybodyHas(least: number, by = 'C', all = names): Promise<boolean> {
    const found = await lanes(by);
    return Object.keys(found).length === all.length && all.every((name) => (found[name] ?? 0) >= least);
  }
  const by = (what: string) => {
    const count: Record<string, number> = {};
    for (const { at } of cluster.notes(what)) count[at] = (count[at] ?? 0) + 1;
    return count;
  };
  const fine = async () => {
    const { lost, doubled, disordered, details } = await writer.judge(30);
    assert.deepEqual([lost, doubled, disordered], [0, 0, 0], details.join('\n'));
  };
  const says = (conversationId: string, text: string) =>
    cluster.shop.ask('POST', '/_sandbox/messages', { conversationId, text });
  const others = (leader: string) => names.filter((name) => name !== leader) as [string, string];

  it('each has its part, in the order of each conversation, and one of them the socket', async () => {
    assert.deepEqual(Object.values(await lanes()).sort(), [5, 5, 6]);
    writer.start(200, 400);
    await writer.finish();
    await fine();
    const parts = by('said');
    for (const name of names) assert.ok((parts[name] ?? 0) > 50, JSON.stringify(parts));
    const places = new Map<string, Set<string>>();
    for (const { conversationId = '', at } of cluster.notes('said')) {
      places.set(conversationId, (places.get(conversationId) ?? new Set()).add(at));
    }
    assert.deepEqual([...new Set([...places.values()].map(({ size }) => size))], [1]);
    assert.equal((await cluster.shop.ask('GET', '/_sandbox/state')).json.sockets.open, 1);
  });

  it('a webhook at any of them is heard by message-in of the one that has the conversation', async () => {
    const [one, two] = others(await cluster.leader());
    const at = cluster.notes('said').find(({ conversationId }) => conversationId === 'conv_ana')?.at;
    const status = async (name: string, id: string) => {
      const message = { id, conversationId: 'conv_ana', direction: 'inbound', contentType: 'text', text: id };
      const timestamp = new Date().toISOString();
      const data = { ...message, senderType: 'contact', createdAt: timestamp };
      const body = JSON.stringify({ id: `evt-${id}`, type: 'message.received', timestamp, data });
      const signature = createHmac('sha256', webhookSecret).update(body).digest('hex');
      const headers = { 'Content-Type': 'application/json', 'X-Linktor-Signature': signature };
      return (await fetch(`${cluster.red(name).url}/hook`, { method: 'POST', headers, body })).status;
    };
    assert.deepEqual([await status(one, 'hooked-1'), await status(two, 'hooked-2')], [200, 200]);
    assert.equal(await status(two, 'hooked-1'), 200);
    const heard = () => cluster.notes('said').filter(({ text }) => text.startsWith('hooked-'));
    await until('both', () => heard().length >= 2);
    assert.deepEqual(
      heard().map(({ text }) => text),
      ['hooked-1', 'hooked-2'],
    );
    assert.deepEqual(
      [...new Set(heard().map((note) => note.at))].filter((name) => at !== undefined && name !== at),
      [],
    );
    assert.deepEqual(cluster.notes('hooked').length, 2);
  });

  it('a question of any of them is answered, once', async () => {
    for (const [index, name] of names.entries()) {
      const conversationId = ['conv_ana', 'conv_bruno', 'conv_carla'][index] as string;
      await cluster.red(name).inject('asking', { conversationId });
      const asked = async () =>
        ((await cluster.shop.ask('GET', '/_sandbox/state')).json.sends as Record<string, string>[]).some(
          (one) => one.conversationId === conversationId && one.text === 'How many?',
        );
      await until('the question', asked);
      await says(conversationId, String(index + 7));
    }
    await until('the answers', () => cluster.notes('answer').length >= names.length);
    assert.deepEqual(
      cluster
        .notes('answer')
        .map(({ text }) => text)
        .sort(),
      ['7', '8', '9'],
    );
  });

  it('what any of them offered is chosen by its number, wherever that is heard', async () => {
    const chosen: (string | undefined)[] = [];
    for (const name of names) {
      const before = cluster.notes('said').length;
      await cluster.red(name).inject('offering', { conversationId: 'conv_ana' });
      await until('the offer', () => cluster.notes('offered').some(({ at }) => at === name));
      await says('conv_ana', '2');
      await until('the answer', () => cluster.notes('said').length > before);
      chosen.push(cluster.notes('said').at(-1)?.choice);
    }
    assert.deepEqual(chosen, ['Returns', 'Returns', 'Returns']);
  });

  it('when one that does not lead is killed its lanes go to the others', async () => {
    const leader = await cluster.leader();
    const [killed, left] = others(leader);
    writer.start(40, 240);
    const before = writer.total;
    await until('some to be written', () => writer.total > before + 60);
    await cluster.kill(killed);
    const began = Date.now();
    await until('its lanes to go', () => everybodyHas(8, left, [leader, left]), 15);
    console.log(`        lanes of one that was killed: ${Date.now() - began} ms`);
    assert.ok(Date.now() - began <= 15_000);
    await writer.finish();
    await fine();
    await cluster.restart(killed);
    await until('it to be back', () => everybodyHas(5, left));
  });

  it('when the one that leads is killed nothing is lost, doubled or out of order', async () => {
    const leader = await cluster.leader();
    const [left] = others(leader);
    writer.start(40, 300);
    const before = writer.total;
    await until('some to be written', () => writer.total > before + 60);
    await cluster.kill(leader);
    await cluster.leader([leader]);
    await cluster.restart(leader);
    await until('it to be back', () => everybodyHas(5, left));
    await writer.finish();
    await fine();
  });

  it('a clean stop moves the lanes at once', async () => {
    const leader = await cluster.leader();
    const [stopped, left] = others(leader);
    writer.start(40, 160);
    const before = writer.total;
    await until('some to be written', () => writer.total > before + 60);
    const { program } = cluster.red(stopped);
    program.child.kill('SIGINT');
    await program.ended;
    const began = Date.now();
    await until('its lanes to go', () => everybodyHas(8, left, [leader, left]), 3);
    assert.ok(Date.now() - began <= 2000, `${Date.now() - began} ms`);
    await writer.finish();
    await fine();
    await cluster.restart(stopped);
    await until('it to be back', () => everybodyHas(5, left));
  });

  it('one that is drained takes no events, until it takes part again', async () => {
    const [drained, left] = others(await cluster.leader());
    const act = (action: string) => cluster.red(drained).ask('POST', '/linktor/account/instances', { action });
    assert.equal((await act('drain')).json.ok, true);
    await until('its lanes to go', async () => (await lanes(left))[drained] === 0);
    const before = by('said')[drained];
    writer.start(100, 120);
    await writer.finish();
    await fine();
    assert.equal(by('said')[drained], before);
    assert.equal((await act('join')).json.ok, true);
    await until('it to be back', () => everybodyHas(5, left));
  });

  it('one that stood still for longer than the others wait tells nothing twice', async () => {
    const [stopped, left] = others(await cluster.leader());
    writer.start(40, 400);
    cluster.stop(stopped);
    await until('its lanes to go', async () => !(stopped in (await lanes(left))), 15);
    cluster.continue(stopped);
    await until('it to be back', () => everybodyHas(5, left));
    await writer.finish();
    await fine();
  });

  it('when the one that leads is cut off the store others go on, and it comes back as one of them', async () => {
    const leader = await cluster.leader();
    const [one, other] = others(leader);
    writer.start(40, 600);
    const before = writer.total;
    await until('some to be written', () => writer.total > before + 60);
    cluster.wayToStore(leader).cut();
    await cluster.leader([leader]);
    await until('its lanes to go', () => everybodyHas(8, one, [one, other]), 15);
    cluster.wayToStore(leader).mend();
    await until('it to be back', () => everybodyHas(5, one));
    await writer.finish();
    const { lost, doubled, disordered, details } = await writer.judge(30);
    assert.deepEqual([lost, disordered], [0, 0], details.join('\n'));
    // It could not note the event that it had in hand, one for each of its lanes.
    assert.ok(doubled <= 6, details.join('\n'));
    assert.ok(cluster.twoSocketsMs <= 1000, `${cluster.twoSocketsMs} ms`);
  });

  it('in a rolling deploy the events go to those that have all nodes, and the old ones stop', async () => {
    const leader = await cluster.leader();
    const [first] = others(leader);
    const news = [
      { id: 'status', type: 'linktor-status-in', wires: [['news']] },
      noting('news', `{ what: 'news', text: '', conversationId: msg.conversationId }`),
    ];
    await cluster.deploy(first, news);
    await until('all lanes at the new one', async () => (await lanes())[first] === 16);
    assert.equal(await cluster.leader([leader]), first);
    const before = by('said');
    writer.start(100, 120);
    await writer.finish();
    await fine();
    const told = (name: string) => (by('said')[name] ?? 0) - (before[name] ?? 0);
    assert.deepEqual(
      names.filter((name) => told(name) > 0),
      [first],
    );
    for (const name of others(first)) await cluster.deploy(name, news);
    await until('lanes for all', () => everybodyHas(5));
    assert.match(cluster.red(leader).output, /another instance has nodes that this one lacks/);
  });

  it('after the store was away nothing is lost or doubled', async () => {
    writer.start(40, 280);
    const before = writer.total;
    await until('some to be written', () => writer.total > before + 60);
    await cluster.store.down();
    await until('some to be written meanwhile', () => writer.total > before + 180);
    await cluster.store.up();
    await writer.finish();
    await fine();
    assert.deepEqual(cluster.notes('sync.gap'), []);
  });
});
