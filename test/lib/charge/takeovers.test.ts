import { strict as assert } from 'node:assert';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { isHeldBack, type ReturnReason, type Takeover, Takeovers } from '../../../lib/charge';
import { signOf } from '../../../lib/charge/signs';
import { type AccountLedger, createLedger } from '../../../lib/ledger';
import type { Event, Message } from '../../../lib/model';

const MINUTE_MS = 60_000;

function written(id: string, more: Partial<Message> = {}): Event {
  const message: Message = {
    ...{ id, conversationId: 'c1', direction: 'outbound', contentType: 'text', senderType: 'agent', senderId: 'carl' },
    ...more,
  };
  return { name: 'message.sent', conversationId: 'c1', messageId: id, message, original: {} };
}

describe('signs of a takeover', () => {
  const cases: [what: string, event: Partial<Event>, sign: object | undefined][] = [
    ['an agent writes', written('m1'), { begins: 'message', by: 'carl' }],
    ['a bot writes', written('m1', { senderType: 'bot' }), undefined],
    ['the system writes', written('m1', { senderType: 'system' }), undefined],
    ['the customer writes', written('m1', { direction: 'inbound', senderType: 'contact' }), undefined],
    ['the business phone writes', written('m1', { source: 'business_app' }), { begins: 'echo', by: 'carl' }],
    [
      'it is assigned',
      { name: 'conversation.assigned', changes: { assignedTo: 'carl' }, changed: ['assignedTo'] },
      { begins: 'assigned', by: 'carl' },
    ],
    [
      'it is assigned, as a webhook says it',
      { name: 'conversation.assigned', changed: ['assignedTo'], original: { data: { assignedTo: 'carl' } } },
      { begins: 'assigned', by: 'carl' },
    ],
    [
      'it may have been assigned for long',
      {
        name: 'conversation.updated',
        changes: { status: 'open', assignedTo: 'carl' },
        changed: ['status', 'assignedTo'],
      },
      undefined,
    ],
    [
      'a new one is assigned',
      { name: 'conversation.created', original: { id: 'c1', assignedTo: 'carl' } },
      { begins: 'assigned', by: 'carl' },
    ],
    [
      'it becomes pending',
      { name: 'conversation.updated', changes: { status: 'pending' }, changed: ['status'] },
      { begins: 'escalated' },
    ],
    ['it is escalated', { name: 'conversation.escalated', changes: {} }, { begins: 'escalated' }],
    ['it is resolved', { name: 'conversation.resolved', changes: { status: 'resolved' } }, { ends: 'resolved' }],
    [
      'it is taken from its assignee',
      {
        name: 'conversation.updated',
        changes: { assignedTo: undefined },
        changed: ['assignedTo'],
        previous: { assignedTo: 'carl' },
      },
      { ends: 'unassigned' },
    ],
    ['tags change', { name: 'conversation.updated', changes: { tags: ['a'] }, changed: ['tags'] }, undefined],
    ['somebody types', { name: 'typing' }, undefined],
  ];
  for (const [what, event, wanted] of cases) {
    it(what, () => {
      const { message: _, ...found } = (signOf({ name: '', original: {}, conversationId: 'c1', ...event }) ?? {}) as {
        message?: unknown;
      };
      assert.deepEqual(JSON.parse(JSON.stringify(found)), wanted ?? {});
    });
  }
});

describe('takeovers', () => {
  let time: SinonFakeTimers;
  let ledger: AccountLedger;
  let told: string[];
  let ours: Set<string>;
  let problems: unknown[];

  beforeEach(() => {
    time = useFakeTimers({ now: Date.parse('2026-05-17T10:00:00Z'), toFake: ['Date', 'setTimeout', 'clearTimeout'] });
    ledger = createLedger({ keepIn: 'memory', keepDays: 30 });
    told = [];
    ours = new Set();
    problems = [];
  });
  afterEach(async () => {
    time.restore();
    await ledger.close();
  });

  function made(more: Partial<ConstructorParameters<typeof Takeovers>[0]> = {}): Takeovers {
    return new Takeovers({
      ledger: () => ledger,
      isOn: true,
      by: ['message', 'echo', 'assigned', 'escalated'],
      resumeAfterMs: 30 * MINUTE_MS,
      resumeOn: ['resolved', 'unassigned'],
      offWords: ['/bot off'],
      onWords: ['/bot on'],
      isOurs: ({ id }) => ours.has(id),
      onBegan: ({ reason }: Takeover) => told.push(`began ${reason}`),
      onEnded: (_: Takeover, reason: ReturnReason) => told.push(`ended ${reason}`),
      onProblem: (error) => problems.push(error),
      ...more,
    });
  }

  const passes = (takeovers: Takeovers, id = 'c1') => {
    try {
      return takeovers.pass(id) instanceof Promise ? 'wait' : 'go';
    } catch (error) {
      return isHeldBack(error) ? 'held' : String(error);
    }
  };

  it('last as long at another instance whose clock is an hour ahead', async () => {
    const shared = new Proxy(ledger, {
      get: (target, name) => {
        const found = target[name as keyof AccountLedger] as unknown;
        if (name === 'isShared') return true;
        return typeof found === 'function' ? (found.bind(target) as unknown) : found;
      },
    });
    const here = made({ ledger: () => shared, ahead: () => 0 });
    here.arrived(written('m1'), Date.now());
    here.stop();
    time.setSystemTime(Date.now() + 60 * MINUTE_MS);
    const there = made({ ledger: () => shared, ahead: () => -60 * MINUTE_MS });
    await there.load();
    assert.equal(passes(there), 'held');
    await time.tickAsync(29 * MINUTE_MS);
    assert.equal(passes(there), 'held');
    await time.tickAsync(2 * MINUTE_MS);
    assert.equal(passes(there), 'go');
    assert.deepEqual([told, problems], [['began message', 'ended time'], []]);
    there.stop();
  });

  it('are those of the latest 20,000 conversations that a server names', async () => {
    const takeovers = made();
    for (let index = 0; index < 20_100; index++) {
      const id = `c${index}`;
      takeovers.arrived({ ...written(`m${index}`), conversationId: id }, Date.now());
    }
    assert.equal(takeovers.list().length, 20_000);
    assert.deepEqual([passes(takeovers, 'c99'), passes(takeovers, 'c100')], ['go', 'held']);
    await time.runMicrotasks();
    takeovers.stop();
    assert.deepEqual(problems, []);
  });

  it('hold back what would leave, in their conversation alone', () => {
    const takeovers = made();
    assert.equal(passes(takeovers), 'go');
    takeovers.arrived(written('m1'), Date.now());
    assert.equal(passes(takeovers), 'held');
    assert.equal(passes(takeovers, 'c2'), 'go');
    assert.deepEqual(told, ['began message']);
  });

  it('end after a time without a sign, and each sign extends it', () => {
    const takeovers = made();
    takeovers.arrived(written('m1'), Date.now());
    time.tick(29 * MINUTE_MS);
    takeovers.arrived(written('m2'), Date.now());
    time.tick(29 * MINUTE_MS);
    assert.equal(passes(takeovers), 'held');
    time.tick(2 * MINUTE_MS);
    assert.equal(passes(takeovers), 'go');
    assert.deepEqual(told, ['began message', 'ended time']);
  });

  it('never end by themselves with 0', () => {
    const takeovers = made({ resumeAfterMs: 0 });
    takeovers.arrived(written('m1'), Date.now());
    time.tick(40 * 24 * 60 * MINUTE_MS);
    assert.equal(passes(takeovers), 'held');
    takeovers.arrived({ name: 'conversation.resolved', conversationId: 'c1', original: {} }, Date.now());
    assert.equal(passes(takeovers), 'go');
  });

  it('do not begin by what has happened long ago, nor twice by one message', () => {
    const takeovers = made();
    takeovers.arrived(written('old'), Date.now() - 31 * MINUTE_MS);
    assert.equal(passes(takeovers), 'go');
    takeovers.arrived(written('m1'), Date.now());
    takeovers.end('c1', 'hand');
    takeovers.arrived(written('m1'), Date.now());
    assert.equal(passes(takeovers), 'go');
    assert.deepEqual(told, ['began message', 'ended hand']);
  });

  it('do not begin again by a sign from before they were given back, which comes late', () => {
    const takeovers = made();
    const assigned: Event = {
      ...{ name: 'conversation.assigned', conversationId: 'c1', original: {} },
      ...{ changes: { assignedTo: 'carl' }, changed: ['assignedTo'] },
    };
    takeovers.begin('c1', 'escalated', 'carl');
    time.tick(5000);
    takeovers.end('c1', 'hand');
    takeovers.arrived(assigned, Date.now(), Date.now() - 4000);
    takeovers.arrived(assigned, Date.now(), Date.now());
    takeovers.arrived(written('m1'), Date.now(), Date.now() - 4000);
    assert.equal(passes(takeovers), 'go');
    takeovers.arrived(written('m2'), Date.now(), Date.now());
    assert.equal(passes(takeovers), 'held');
  });

  it('are obeyed by what a flow has asked for, for as long as it says', () => {
    const takeovers = made({ isOn: false });
    takeovers.begin('c1', 'flow', undefined, 5 * MINUTE_MS);
    assert.equal(passes(takeovers), 'held');
    time.tick(5 * MINUTE_MS);
    assert.equal(passes(takeovers), 'go');
    takeovers.begin('c1', 'flow', undefined, 0);
    time.tick(100 * MINUTE_MS);
    assert.equal(passes(takeovers), 'held');
  });

  it('wait while one of our own sends may be the message', async () => {
    const takeovers = made();
    const leave = takeovers.enter('c1');
    takeovers.arrived(written('m1'), Date.now());
    assert.equal(passes(takeovers), 'wait');
    ours.add('m1');
    takeovers.sent('c1');
    await takeovers.settled('c1');
    assert.equal(passes(takeovers), 'go');
    takeovers.arrived(written('m2'), Date.now());
    leave();
    await takeovers.settled('c1');
    assert.equal(passes(takeovers), 'held');
  });

  it('wait for a second at most', async () => {
    const takeovers = made();
    takeovers.enter('c1');
    takeovers.arrived(written('m1'), Date.now());
    const waited = takeovers.pass('c1');
    time.tick(1000);
    await assert.rejects(Promise.resolve(waited), (error) => isHeldBack(error));
  });

  it('go on in the next life of the process', async () => {
    const before = made();
    before.arrived(written('m1'), Date.now());
    before.stop();
    await new Promise(setImmediate);
    time.tick(10 * MINUTE_MS);
    const after = made();
    const loaded = after.load();
    assert.equal(passes(after), 'wait');
    await loaded;
    assert.equal(passes(after), 'held');
    time.tick(21 * MINUTE_MS);
    assert.equal(passes(after), 'go');
    assert.deepEqual(told, ['began message', 'ended time']);
    assert.deepEqual(problems, []);
  });

  it('tell once what has happened meanwhile', () => {
    const takeovers = made();
    const from = Date.now();
    takeovers.arrived(written('m1'), from);
    assert.equal(takeovers.takeStretch('c1'), undefined);
    time.tick(31 * MINUTE_MS);
    assert.deepEqual(takeovers.takeStretch('c1'), { from, to: from + 30 * MINUTE_MS, by: 'carl', reason: 'message' });
    assert.equal(takeovers.takeStretch('c1'), undefined);
  });

  it('leave nothing behind that nobody asks for', async () => {
    const takeovers = made();
    takeovers.arrived(written('m1'), Date.now());
    takeovers.end('c1', 'hand');
    await new Promise(setImmediate);
    assert.equal(await ledger.count('pause'), 1);
    time.tick(25 * 60 * MINUTE_MS);
    await new Promise(setImmediate);
    assert.equal(await ledger.count('pause'), 0);
  });

  it('go on in memory where the ledger fails', async () => {
    const broken = { ...ledger, put: () => Promise.reject(new Error('full')) } as unknown as AccountLedger;
    const takeovers = made({ ledger: () => broken });
    takeovers.arrived(written('m1'), Date.now());
    assert.equal(passes(takeovers), 'held');
    await new Promise(setImmediate);
    assert.equal(problems.length, 1);
  });
});
