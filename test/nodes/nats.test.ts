import { strict as assert } from 'node:assert';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import helper from 'node-red-node-test-helper';
import type { Tested } from '../../nodes/kit/admin/types';
import { setUpFlows, shownBy, until } from '../support/flows';
import { NatsServer, natsServerPath } from '../support/nats';
import { asEditor } from '../support/red';

const USER = 'node-red';
const SECRET = 's3cret-of-nats';
const ADMIN = ['--user', USER, '--pass', SECRET];

describe('an account whose events come from NATS', () => {
  let nats: NatsServer | undefined;
  const setup = setUpFlows({ contract: 'server', receipts: 'manual' }, async () => {
    const file = await natsServerPath();
    if (file === undefined) return {};
    nats = await NatsServer.start(file, ADMIN);
    return { nats: nats.url.replace('nats://', `nats://${USER}:${SECRET}@`) };
  });
  const { play, control } = setup;
  beforeEach(function () {
    if (!nats) this.skip();
  });
  after(async () => {
    await nats?.close();
  });

  // Nothing but NATS brings a message in the time of a test.
  const events = () => ({ eventsFrom: 'nats', natsUrl: nats?.url, pollBusy: 600, pollIdle: 600 });
  const nodes = [
    { id: 'in', type: 'linktor-message-in', config: 'account', wires: [['out']] },
    { id: 'out', type: 'probe' },
  ];
  const start = (account = {}, credentials: Record<string, string> = { natsUser: USER, natsSecret: SECRET }) =>
    play(nodes, { account: { ...events(), ...account }, credentials });
  const write = (text: string) => control('messages', { conversationId: 'conv_ana', text });

  async function test(changes = {}): Promise<Tested['findings']> {
    const settings = {
      ...{ baseUrl: setup.sandbox.url, contract: 'auto', signIn: 'password', ...events() },
      ...{ email: 'demo@linktor.local', password: '__PWRD__', natsUser: USER, natsSecret: '__PWRD__', ...changes },
    };
    const { body } = await helper.request().post('/linktor/account/test').set(asEditor).send(settings);
    return (body as unknown as Tested).findings;
  }
  const aboutNats = async (changes = {}) => (await test(changes)).filter(({ what }) => what.startsWith('nats'));

  async function onNats<T>(act: (connection: Awaited<ReturnType<typeof connect>>) => Promise<T>): Promise<T> {
    const connection = await connect({ servers: nats?.url, user: USER, pass: SECRET });
    try {
      return await act(connection);
    } finally {
      await connection.close();
    }
  }
  const consumers = () =>
    onNats(async (connection) => {
      const names: string[] = [];
      for await (const { name } of (await jetstreamManager(connection)).consumers.list('LINKTOR_EVENTS'))
        names.push(name);
      return names;
    });
  /** The account reads, so what is written now is told. */
  async function reading(): Promise<void> {
    while (!(await aboutNats()).some(({ ok }) => ok) || (await consumers()).length === 0);
  }

  it('gets messages by it, in the words of the others', async () => {
    const { probe, node } = await start();
    await reading();
    await write('by NATS');
    const msg = await probe('out').first();
    assert.equal(msg.payload, 'by NATS');
    assert.deepEqual(
      [(msg.linktor as { source: string }).source, (msg.contact as { name: string }).name],
      ['nats', 'Ana Souza'],
    );
    const shown = await until(
      async () => shownBy(node('in')),
      (all) => all.includes('linktor.status.connected'),
    );
    assert.ok(!shown.includes('linktor.status.polling_only'), shown.join());
  });

  it('has one consumer, which a deploy keeps', async () => {
    const { flow, deploy } = await start();
    await reading();
    const [name = ''] = await consumers();
    assert.match(name, /^linktor-node-red-[0-9a-f]{16}$/);
    await deploy(flow, 'full');
    await reading();
    assert.deepEqual(await consumers(), [name]);
  });

  it('polls where NATS refuses us, shows it, and never shows the secret', async () => {
    const { node, probe, caught } = await start(
      { pollBusy: 0.1, pollIdle: 0.1 },
      { natsUser: USER, natsSecret: 'wrong-one' },
    );
    while (!shownBy(node('in')).some((text) => text?.includes('polling_only'))) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    await write('polled');
    assert.equal((await probe('out').first()).payload, 'polled');
    assert.ok(!JSON.stringify([shownBy(node('in')), caught.all]).includes('wrong-one'));
  });

  it('is tested: NATS answers, refuses, or is shared with another Node-RED', async () => {
    await start();
    await reading();
    const [found, ...others] = await aboutNats();
    assert.deepEqual([found?.what, found?.ok, others], ['nats', true, []]);
    const [refused] = await aboutNats({ natsSecret: 'wrong-one' });
    assert.deepEqual([refused?.ok, refused?.problem?.code], [false, 'authentication']);
    assert.doesNotMatch(JSON.stringify(refused), /wrong-one/);
    await onNats(async (connection) => {
      const [name] = await consumers();
      connection.subscribe('test.twin');
      const pull = JSON.stringify({ batch: 1, expires: 30_000_000_000 });
      connection.publish(`$JS.API.CONSUMER.MSG.NEXT.LINKTOR_EVENTS.${name}`, pull, { reply: 'test.twin' });
      await connection.flush();
      const [, shared] = await aboutNats();
      assert.deepEqual([shared?.what, shared?.ok], ['natsShared', false]);
    });
  });

  it('gives its stored secret to no other NATS', async () => {
    await start();
    const { body } = await helper
      .request()
      .post('/linktor/account/test')
      .set(asEditor)
      .send({
        ...{ baseUrl: setup.sandbox.url, contract: 'auto', signIn: 'password' },
        ...{ email: 'demo@linktor.local', password: '__PWRD__' },
        ...{ eventsFrom: 'nats', natsUrl: 'nats://127.0.0.1:1', natsUser: USER, natsSecret: '__PWRD__' },
      });
    assert.deepEqual([body.ok, body.code], [false, 'validation']);
  });
});
