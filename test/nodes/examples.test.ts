import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import helper from 'node-red-node-test-helper';
import linktor from '../../nodes';
import type { RED } from '../../nodes/kit/red';
import { coreOf, examples, firstExamples, forServer, playable, Trial } from '../support/examples';
import { type FlowNode, setUpFlows, shownBy, until } from '../support/flows';
import { hasSqlite } from '../support/sqlite-node';

const noWebhooks = 'It sends no webhooks.';

/** A node and the probe behind it, beside an example. */
function beside(id: string, node: Record<string, unknown> & { type: string }): FlowNode[] {
  return [
    { id, config: 'account', ...node, wires: [[`${id}_out`]] },
    { id: `${id}_out`, type: 'probe' },
  ];
}

interface Story {
  /** the title of the example */
  example: string;
  title: string;
  /** of the example as it is now, or as 0.1.0 shipped it; of both by default */
  of?: 'now' | '0.1.0';
  /** true, or why a self-hosted server cannot do it */
  server: true | string;
  /** changes of nodes, by id: nobody waits for minutes here */
  change?: Record<string, Record<string, unknown>>;
  /** more properties of the account */
  account?: Record<string, unknown>;
  /** what the test needs beside the example */
  more?: FlowNode[];
  act: (trial: Trial) => Promise<void>;
}

const stories: readonly Story[] = [
  {
    example: 'Knowledge answer',
    title: 'answers a question from the knowledge base',
    server: true,
    act: async (trial) => {
      await trial.write({ text: 'When do you open on Saturday?' });
      await trial.seen('lk_sent');
      assert.match(await trial.said(1), /9:00 to 17:00/);
    },
  },
  {
    example: 'Verified webhook',
    title: 'lets signed events through and says why it refuses others',
    server: noWebhooks,
    act: async (trial) => {
      trial.press('lw_inject');
      await trial.seen('lw_registered');
      await trial.write({ text: 'Hello' });
      const event = await trial.seen('lw_events');
      assert.match(String(event.topic), /^message\./);
      assert.equal((await fetch(`${trial.origin}/linktor/example`, { method: 'POST', body: '{}' })).status, 415);
      const refused = await trial.seen('lw_rejected');
      assert.equal(refused.reason, 'bad_type');
    },
  },
  {
    example: 'What happens',
    title: 'tells what becomes of an answer, who types, and how the connection is',
    server: true,
    act: async (trial) => {
      await trial.write({ text: 'Is anybody there?' });
      // Who asks for news hears of the last one only.
      await Promise.race([trial.seen('lh_delivered'), trial.seen('lh_read')]);
      await trial.control('typing', { conversationId: 'conv_ana', isTyping: true });
      const typing = await trial.seen('lh_typed');
      assert.equal(typing.payload, true);
      trial.press('lh_ask');
      const state = await trial.seen('lh_state');
      assert.equal(state.payload, 'connected');
    },
  },
  {
    example: 'First reply',
    title: 'answers with the name of who wrote',
    server: true,
    act: async (trial) => {
      await trial.write({ text: 'Hi' });
      assert.match(await trial.said(1), /^Hello Ana Souza, thank you/);
      await trial.seen('lf_sent');
      await trial.seen('lf_shown');
    },
  },
  {
    example: 'Menu on every channel',
    title: 'understands a button and a number, and hands over',
    server: true,
    act: async (trial) => {
      await trial.write({ text: 'Hi' });
      assert.match(await trial.said(1), /What can we do for you/);
      await trial.write({ choice: { id: 'hours', title: 'Opening hours' } });
      assert.match(await trial.said(2), /^We are open/);
      await trial.write({ text: ' 2 ' });
      assert.match(await trial.said(3), /^Shipping costs/);
      await trial.write({ text: '3' });
      assert.match(await trial.said(4), /^One of us will answer you here, Ana/);
      const { status, priority } = await trial.conversation();
      assert.deepEqual([status, priority], ['pending', 'high']);
    },
  },
  {
    example: 'Hand over and come back',
    of: 'now',
    title: 'answers, hands over with its story, keeps silent, and comes back',
    server: true,
    more: beside('test_in', { type: 'linktor-message-in', obeyTakeover: false }),
    act: async (trial) => {
      await trial.write({ text: 'How much is shipping to Rio de Janeiro?' });
      assert.match(await trial.said(1), /R\$ 29/);
      await trial.write({ text: 'I want to talk to a person' });
      assert.match(await trial.said(2), /^A colleague will answer you here, Ana/);
      const { handover } = await trial.seen('lb_story');
      assert.match(handover.summary, /\(sandbox answer\)$/);
      assert.match(handover.transcript, /I want to talk to a person/);
      assert.equal((await trial.seen('lb_back')).topic, 'takeover.began');
      await trial.write({ text: 'When do you open on Saturday?' });
      await trial.seen('test_in_out', 3);
      trial.press('lb_give');
      assert.equal((await trial.seen('lb_given')).guard.inCharge, 'flow');
      await trial.write({ text: 'Do you ship outside Brazil?' });
      assert.match(await trial.said(3), /do not ship outside Brazil/);
    },
  },
  {
    example: 'Hand over and come back',
    of: '0.1.0',
    title: 'answers, hands over with a summary, keeps silent, and comes back',
    server: true,
    more: beside('test_in', { type: 'linktor-message-in' }),
    act: async (trial) => {
      await trial.write({ text: 'How much is shipping to Rio de Janeiro?' });
      assert.match(await trial.said(1), /R\$ 29/);
      await trial.write({ text: 'I want to talk to a person' });
      assert.match(await trial.said(2), /^A colleague will answer you here, Ana/);
      const summary = await trial.seen('lb_summary');
      assert.match(summary.payload, /\(sandbox answer\)$/);
      assert.equal((await trial.conversation()).status, 'pending');
      await trial.write({ text: 'When do you open on Saturday?' });
      await trial.seen('test_in_out', 3);
      trial.press('lb_give');
      await trial.seen('lb_back');
      await trial.write({ text: 'Do you ship outside Brazil?' });
      assert.match(await trial.said(3), /do not ship outside Brazil/);
    },
  },
  {
    example: 'Webhook into a CRM',
    title: 'tells the CRM who writes, takes in its customers and counts what it refuses',
    server: noWebhooks,
    act: async (trial) => {
      trial.press('lr_customer');
      const known = await trial.seen('lr_known');
      assert.equal(known.payload.name, 'Diego Reis');
      trial.press('lr_register');
      await trial.seen('lr_registered');
      await trial.write({ text: 'Hello' });
      const told = await trial.seen('lr_told');
      assert.deepEqual(told.payload, { kept: 'Ana Souza' });
      for (const count of [1, 2]) {
        await fetch(`${trial.origin}/linktor/crm`, { method: 'POST', body: '{}' });
        const refused = await trial.seen('lr_refused', count);
        assert.equal(refused.payload, count);
      }
    },
  },
  {
    example: 'Order update with a picture',
    title: 'sends a text and a picture, or else the approved template',
    server: 'It cannot send the pictures that it makes.',
    act: async (trial) => {
      trial.press('lo_order');
      const done = await trial.seen('lo_done');
      assert.equal(done.sent.conversationId, 'conv_bruno');
      assert.match(await trial.said(1), /your order XS204817 is on its way/);
      await trial.control('fail', { count: 1, status: 400, method: 'POST', path: '/messages' });
      trial.press('lo_order');
      const template = await trial.seen('lo_template');
      const { messageId } = template.sent;
      await trial.control('status', { messageId, status: 'failed' });
      const failed = await trial.seen('lo_failed');
      assert.equal(failed.messageId, messageId);
      assert.equal((await trial.conversation('conv_bruno')).status, 'pending');
    },
  },
  {
    example: 'Machine alert with buttons',
    title: 'asks who is on duty and tells the machine what was pressed',
    server: true,
    act: async (trial) => {
      trial.press('la_boiler');
      const told = await trial.seen('la_told');
      const { conversationId } = told.sent;
      // The self-hosted server takes WhatsApp's buttons as one object (contract 8.1).
      assert.match(await trial.said(1), /\bBoiler 2 is at 93 degrees/);
      await trial.write({ conversationId, choice: { id: 'stop', title: 'Stop' } });
      const machine = await trial.seen('la_machine');
      assert.equal(machine.payload, 'off');
      assert.equal(await trial.said(2), 'Done: the boiler is off.');
    },
  },
  {
    example: 'Machine alert with buttons',
    title: 'tells a second person when nobody answers',
    server: true,
    change: { la_wait: { duration: '50', units: 'ms' } },
    act: async (trial) => {
      trial.press('la_boiler');
      const told = await trial.all('la_told', 2);
      assert.equal(new Set(told.map(({ sent }) => sent.conversationId)).size, 2);
      assert.match(await trial.said(2), /nobody answers/);
    },
  },
  {
    example: 'Broadcast from a list',
    title: 'writes to everybody who wants it, and reports whom it did not reach',
    server: true,
    act: async (trial) => {
      trial.press('lc_go');
      const report = await trial.seen('lc_report');
      const { sent, failed } = report.sent as { sent: object[]; failed: object[] };
      assert.deepEqual([sent.length, failed.length], [3, 1]);
      const texts = await Promise.all([1, 2, 3].map((count) => trial.said(count)));
      assert.deepEqual(texts.map((text) => text.split(' ')[1]).sort(), ['Bruno,', 'Carla,', 'Elisa,']);
    },
  },
  {
    example: 'Who answers what',
    title: 'finds the team for what is wanted, or asks',
    server: true,
    act: async (trial) => {
      await trial.write({ text: 'My bill is wrong' });
      assert.match(await trial.said(1), /^Our accountant/);
      await trial.write({ text: 'Hm' });
      assert.match(await trial.said(2), /^Is it about a bill/);
      assert.equal((await trial.conversation()).subject, 'bill: My bill is wrong');
    },
  },
  {
    example: 'Board of channels',
    title: 'shows channels and figures, and raises the alarm for a channel that is off',
    server: true,
    more: beside('test_off', {
      type: 'linktor-channel',
      operation: 'disconnect',
      channel: 'ch_whatsapp',
      channelType: 'str',
    }),
    act: async (trial) => {
      trial.press('ld_now');
      const board = await trial.seen('ld_board');
      assert.ok(board.payload.conversations.total > 0);
      const fine = await trial.all('ld_fine', 2);
      assert.deepEqual(fine.map(({ payload }) => payload.name).sort(), ['Website chat', 'WhatsApp']);
      trial.press('test_off');
      await trial.seen('test_off_out');
      trial.press('ld_now');
      const alarm = await trial.seen('ld_alarm');
      assert.equal(alarm.payload.name, 'WhatsApp');
    },
  },
  {
    example: 'Photo to ticket',
    title: 'fetches the file, makes a ticket and tells the customer',
    server: true,
    act: async (trial) => {
      await trial.write({ media: { url: `${trial.origin}/fern.png`, type: 'image', mimeType: 'image/png' } });
      const file = await trial.seen('lp_file');
      const [attachment] = file.attachments;
      assert.equal(String(attachment.data), 'a fern');
      await trial.seen('lp_sent');
      assert.match(await trial.said(1), /^Thank you, Ana Souza\. We have your image/);
      assert.equal((await trial.conversation()).subject, 'A file (image) from Ana Souza');
    },
  },
  {
    example: 'Files in and out',
    title: 'keeps what a customer sends, and sends it on, beside a Buffer and a web address',
    server: true,
    account: { shareFiles: 'http://files.test' },
    act: async (trial) => {
      trial.press('lfi_web');
      trial.press('lfi_bytes');
      const sent = await trial.all('lfi_sent', 2);
      assert.deepEqual(
        sent.map(({ sent: { status } }) => status === 'failed'),
        [false, false],
      );
      await trial.write({ media: { url: `${trial.origin}/fern.png`, type: 'image', mimeType: 'image/png' } });
      const { filename, payload } = await trial.seen('lfi_kept');
      assert.match(filename, /^linktor-files\/[\w-]+\.png$/);
      assert.equal(String(payload), 'a fern');
      assert.equal(await trial.said(3), 'Thank you. We have your image.');
      trial.press('lfi_disk');
      const again = await trial.seen('lfi_sent', 3);
      assert.equal(String(again.payload), 'a fern');
    },
  },
  {
    example: 'Rating after closing',
    title: 'asks how it was and reopens what was rated low',
    server: true,
    change: { lv_wait: { timeout: '1', timeoutUnits: 'milliseconds' } },
    act: async (trial) => {
      trial.press('lv_resolve');
      assert.match(await trial.said(1), /^How satisfied are you/);
      await trial.write({ choice: { id: 'rate-1', title: 'Very poor' } });
      assert.match(await trial.said(2), /^We are sorry/);
      const row = await trial.seen('lv_row');
      // 0.1.0 made a figure of it.
      assert.match(String(row.rating), /^(rate-)?1$/);
      await until(
        () => trial.conversation(),
        ({ status, priority }) => status === 'open' && priority === 'urgent',
      );
    },
  },
  {
    example: 'Night shift',
    title: 'switches the bot on and off and runs the flow on a command',
    server: 'It starts its flows by itself.',
    act: async (trial) => {
      trial.press('ln_day');
      const off = await trial.seen('ln_bot');
      assert.equal(off.payload.status, 'inactive');
      trial.press('ln_night');
      const on = await trial.seen('ln_bot', 2);
      assert.equal(on.payload.status, 'active');
      await trial.write({ text: '/order please' });
      const running = await trial.seen('ln_running');
      assert.equal(running.payload.flowId, 'flow_demo');
    },
  },
  {
    example: 'Teach the knowledge base',
    title: 'learns a text, finds it, and measures how close two questions are',
    server: 'It makes no vectors.',
    act: async (trial) => {
      trial.press('lt_text');
      await trial.seen('lt_added');
      trial.press('lt_question');
      const found = await trial.seen('lt_found');
      assert.match(String(found.payload), /park behind the shop/);
      trial.press('lt_two');
      const close = await trial.seen('lt_closeness');
      assert.ok(Number(close.payload) > 0.5 && Number(close.payload) < 1, String(close.payload));
    },
  },
  {
    example: 'Anything the API can do',
    title: 'sends a digest of what is open, and makes any call',
    server: true,
    act: async (trial) => {
      trial.press('lx_daily');
      await trial.seen('lx_sent');
      assert.match(await trial.said(1), /^Open conversations: 2\n- /);
      trial.press('lx_who');
      const answer = await trial.seen('lx_answer');
      assert.match(JSON.stringify(answer.payload), /Ana Souza/);
    },
  },
  {
    example: 'When something fails',
    title: 'tells errors to mend from a message that may have left',
    server: 'With it, it is always clear whether a message was taken.',
    act: async (trial) => {
      trial.press('lz_bad');
      const mend = await trial.seen('lz_mend');
      assert.equal(mend.error.code, 'not_found');
      trial.press('lz_fail');
      await trial.seen('lz_planned');
      trial.press('lz_good');
      await trial.seen('lz_unclear');
      trial.press('lz_good');
      await trial.seen('lz_sent');
    },
  },
  {
    example: 'Opening hours',
    title: 'calls a person while the shop is open',
    server: true,
    change: { oh_hours: { week: '[{"day":"daily","from":"00:00","to":"24:00"}]', closed: '' } },
    act: async (trial) => {
      await trial.write({ text: 'Hello' });
      assert.match(await trial.said(1), /^Welcome!/);
    },
  },
  {
    example: 'Opening hours',
    title: 'says that it is closed',
    server: true,
    change: { oh_hours: { week: '' } },
    act: async (trial) => {
      await trial.write({ text: 'Hello' });
      assert.match(await trial.said(1), /^We are closed/);
    },
  },
  {
    example: 'Ask for three things',
    title: 'understands three answers, asks again for what does not fit, and shows all of it',
    server: true,
    act: async (trial) => {
      await trial.write({ text: 'Hello' });
      assert.equal(await trial.said(1), 'For how many people?');
      await trial.write({ text: '40' });
      assert.equal(await trial.said(2), 'We have tables for 1 to 12 people.');
      await trial.write({ text: '4, please' });
      assert.equal(await trial.said(3), 'For which day?');
      await trial.write({ text: '24/12/2099' });
      assert.equal(await trial.said(4), 'In whose name?');
      await trial.write({ text: 'Ana' });
      assert.match(await trial.said(5), /^Is this right\?\npeople: 4\nday: 2099-12-24\nname: Ana/);
      await trial.write({ choice: { id: 'yes', title: 'Yes' } });
      assert.equal(await trial.said(6), 'Booked: 4 people on 2099-12-24, Ana. See you!');
    },
  },
  {
    example: 'Approve with a button',
    title: 'has a refund approved, or asks why not',
    server: true,
    act: async (trial) => {
      trial.press('lap_go');
      assert.match(await trial.said(1), /Please approve: Refund of R\$ 120 for order 7/);
      await trial.write({ conversationId: 'conv_bruno', choice: { id: 'approved', title: 'Approve' } });
      const approved = await trial.seen('lap_yes');
      assert.deepEqual([approved.payload, approved.decision], ['Refund of R$ 120 for order 7', 'approved']);
      trial.press('lap_go');
      await trial.said(2);
      await trial.write({ conversationId: 'conv_bruno', text: 'refuse' });
      assert.equal(await trial.said(3), 'Why not?');
      await trial.write({ conversationId: 'conv_bruno', text: 'Too late.' });
      const refused = await trial.seen('lap_no');
      assert.deepEqual(
        [refused.payload, refused.decision, refused.reason],
        ['Refund of R$ 120 for order 7', 'refused', 'Too late.'],
      );
    },
  },
  {
    example: 'Order update that survives a restart',
    title: 'stores what is said to the customer, and sends it',
    server: true,
    ...(hasSqlite && { account: { outbox: 'durable', keepIn: 'file' } }),
    act: async (trial) => {
      trial.press('ou_order');
      await trial.seen('ou_sent');
      assert.equal(await trial.said(1), 'Good news: your order XS204817 is on its way.');
    },
  },
  {
    example: 'Remember the customer',
    title: 'remembers a shop, greets who comes back, and forgets',
    server: true,
    act: async (trial) => {
      await trial.write({ text: 'Hello' });
      assert.match(await trial.said(1), /^Hello! Which of our shops/);
      await trial.write({ text: 'My shop is Downtown' });
      assert.equal(await trial.said(2), 'Got it: Downtown. We will remember that.');
      await trial.write({ text: 'Hi' });
      assert.equal(await trial.said(3), 'Welcome back, for the 3. time! Is it about Downtown again?');
      trial.press('rc_forget');
      assert.deepEqual((await trial.seen('rc_done')).value.deleted, { var: 2 });
      await trial.write({ text: 'Hi' });
      assert.match(await trial.said(4), /^Hello! Which of our shops/);
    },
  },
];

const listening = /^linktor-(message|status|typing|event)-in$/;

const signIn = { email: 'demo@linktor.local', password: 'sandbox' };

describe('the examples', () => {
  it('are all played here', () => {
    assert.deepEqual(
      [...new Set(stories.map(({ example }) => example))].toSorted(),
      examples.map(({ title }) => title).toSorted(),
    );
  });
});

const servers = { api: 'the documented API', server: 'a self-hosted server' };
const plays = [
  ['the examples', 'api', examples],
  ['the examples', 'server', examples],
  ['the examples of 0.1.0, as they are stored', 'api', firstExamples],
] as const;

for (const [what, contract, played] of plays) {
  const isServer = contract === 'server';
  describe(`${what}, with ${servers[contract]}`, () => {
    const setup = setUpFlows({ contract });
    const userDir = mkdtempSync(path.join(tmpdir(), 'linktor-examples-'));
    let app: http.RequestListener = () => {};
    const server = http.createServer((request, response) => {
      if (request.url === '/fern.png') response.setHeader('Content-Type', 'image/png').end('a fern');
      else app(request, response);
    });

    before((done) => void server.listen(0, '127.0.0.1', done));
    after(() => {
      server.close();
      helper.settings({});
      rmSync(userDir, { recursive: true, force: true, maxRetries: 5 });
    });
    afterEach(() => server.closeAllConnections());
    beforeEach(() => helper.settings({ userDir, fileWorkingDirectory: userDir }));

    for (const { title, change = {}, more = [], account, act, ...story } of stories) {
      const example = played.find((one) => one.title === story.example);
      if (!example || (isServer && story.server !== true)) continue;
      if (story.of && (story.of === '0.1.0') !== (played === firstExamples)) continue;
      const takeover = example.nodes.find(({ type }) => type === 'linktor-config')?.takeover;
      it(`${example.title}: ${title}`, async () => {
        const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const hosts = { 'http://127.0.0.1:4010': setup.sandbox.url, 'http://127.0.0.1:1880': origin };
        const nodes = playable(example, hosts).map((node) => ({
          ...node,
          ...(isServer && forServer[node.type]),
          ...change[node.id],
        }));
        const load = (red: RED) => {
          app = red.httpNode as never;
          linktor(red);
        };
        const running = await setup.play([...nodes, ...more], {
          load: [load, ...coreOf(nodes)],
          account: {
            discoverInterval: 1,
            pollBusy: 1,
            pollIdle: 1,
            takeover,
            ...(isServer && { signIn: 'password' }),
            ...account,
          },
          credentials: { webhookSecret: 'sandbox-secret', ...signIn },
        });
        for (const { id } of nodes.filter(({ type }) => listening.test(type))) {
          await until(
            async () => shownBy(running.node(id)),
            (shown) => shown.includes('linktor.status.connected'),
          );
        }
        if (nodes.some(({ type }) => listening.test(type)) && !isServer) {
          await until(setup.state, ({ sockets }) => sockets.subscriptions > 1);
        }
        await act(new Trial(setup, running, origin));
      });
    }
  });
}
