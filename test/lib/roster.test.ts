import { strict as assert } from 'node:assert';
import type { ConversationFilter } from '../../lib/contract';
import { LinktorError } from '../../lib/errors';
import type { Conversation, Message } from '../../lib/model';
import { Roster } from '../../lib/realtime/roster';
import { settled } from './support';

const time = (second: number) => new Date(Date.UTC(2026, 4, 1, 12, 0, second)).toISOString();

/** A server with what it was told, and a roster that asks it. */
function make({ embeds = true } = {}) {
  const conversations = new Map<string, Conversation>();
  const messages = new Map<string, Message[]>();
  const broken = new Map<string, LinktorError>();
  const calls: string[] = [];
  const log: string[] = [];
  const subscribed = new Set<string>();
  const known = new Set<string>();
  const missed: string[] = [];
  let listing: LinktorError | undefined;

  const say = (conversationId: string, id: string, second: number) => {
    const message: Message = { id, conversationId, direction: 'inbound', contentType: 'text', createdAt: time(second) };
    messages.set(conversationId, [message, ...(messages.get(conversationId) ?? [])]);
    const before = conversations.get(conversationId) ?? { id: conversationId, status: 'open' };
    const lastMessage = embeds ? message : undefined;
    conversations.set(conversationId, { ...before, lastMessage, lastMessageAt: time(second) });
  };
  async function* each({ status, limit = 100 }: ConversationFilter) {
    calls.push('list');
    if (listing) throw listing;
    const sorted = [...conversations.values()]
      .filter((one) => status === undefined || one.status === status)
      .sort((a, b) => String(b.lastMessageAt).localeCompare(String(a.lastMessageAt)));
    for (const [index, one] of sorted.entries()) {
      if (index > 0 && index % limit === 0) calls.push('list on');
      yield one;
    }
  }
  async function* eachMessage(id: string) {
    calls.push(`messages ${id}`);
    const problem = broken.get(id);
    if (problem) throw problem;
    yield* messages.get(id) ?? [];
  }
  const get = async (id: string) => {
    calls.push(`get ${id}`);
    const problem = broken.get(id);
    if (problem) throw problem;
    return conversations.get(id) ?? { id };
  };
  const roster = new Roster({
    rest: { conversations: { each, eachMessage, get } },
    subscribe: (id) => {
      subscribed.add(id);
      log.push(`subscribe ${id}`);
    },
    settled: async () => {},
    heard: (id) => known.has(id) || missed.includes(id),
    hears: (id) => subscribed.has(id),
    onKnown: (id) => known.add(id),
    onMissed: (id, promise) => {
      log.push(`missed ${id}`);
      promise.then(
        (found) =>
          missed.push(...found.map((message) => message.id).filter((one) => !known.has(one) && !missed.includes(one))),
        () => log.push(`lost ${id}`),
      );
    },
    onProblem: (error) => log.push(`problem ${(error as Error).message}`),
  });
  return {
    roster,
    say,
    calls,
    log,
    subscribed,
    known,
    missed,
    broken,
    conversations,
    failListing: (problem: LinktorError | undefined) => {
      listing = problem;
    },
  };
}

const start = { all: true, gap: true, connection: 1 };
const again = { all: false, gap: true, connection: 1 };
const later = { all: false, gap: false, connection: 1 };
const passing = new LinktorError('server', 'The server failed.', { retryable: true });
const lasting = new LinktorError('authorization', 'No.', {});

describe('realtime: the roster', () => {
  for (const embeds of [true, false]) {
    it(`subscribes what is open and tells nothing old, ${embeds ? 'from listings with' : 'even from listings without'} the last message`, async () => {
      const { roster, say, subscribed, missed, conversations } = make({ embeds });
      say('a', 'a1', 1);
      say('a', 'a2', 5);
      say('b', 'b1', 5);
      say('c', 'c1', 3);
      say('z', 'z1', 4);
      conversations.set('z', { ...(conversations.get('z') as Conversation), status: 'resolved' });
      await roster.sync(start);
      await roster.sync(again);
      await roster.sync(later);
      assert.deepEqual([...subscribed].sort(), ['a', 'b', 'c']);
      assert.deepEqual(missed, []);
    });

    it(`tells what came after the mark, ${embeds ? 'with' : 'without'} the last message in the listings`, async () => {
      const { roster, say, missed } = make({ embeds });
      say('a', 'a1', 1);
      say('b', 'b1', 2);
      await roster.mark();
      say('b', 'b2', 2);
      say('a', 'a2', 3);
      say('a', 'a3', 4);
      for (const id of ['a', 'b']) await roster.catchUp(id);
      await settled();
      assert.deepEqual(missed, ['a2', 'a3', 'b2']);
    });
  }

  it('has no mark before it has looked, and none after it was told to forget', async () => {
    const { roster, say, calls } = make();
    say('a', 'a1', 1);
    assert.equal(roster.marked, false);
    await roster.catchUp('a');
    assert.deepEqual(calls, []);
    await roster.sync(start);
    assert.equal(roster.marked, true);
    roster.forget();
    assert.equal(roster.marked, false);
  });

  it('marks a server without conversations, and misses nothing from then on', async () => {
    const { roster, say, missed } = make();
    await roster.mark();
    say('a', 'a1', 1);
    await roster.sync(again);
    await settled();
    assert.deepEqual(missed, ['a1']);
  });

  it('asks for the live events before it asks what was missed, and announces the gap before both', async () => {
    const { roster, say, calls, log } = make();
    await roster.sync(start);
    say('n', 'n1', 1);
    calls.length = 0;
    const done = roster.discover('n');
    assert.deepEqual(log, ['missed n', 'subscribe n']);
    assert.deepEqual(calls, []);
    await done;
    assert.deepEqual(calls, ['messages n']);
  });

  it('looks once more into a conversation that it has just subscribed, and then no more', async () => {
    const { roster, say, missed, calls, known } = make();
    say('a', 'a1', 1);
    await roster.sync(start);
    say('n', 'n1', 2);
    await roster.sync(later);
    // Said after the messages were read, and before the server knew of the subscription.
    say('n', 'n2', 3);
    await roster.sync(later);
    await settled();
    assert.deepEqual(missed, ['n1', 'n2']);
    calls.length = 0;
    say('n', 'n3', 4);
    known.add('n3');
    await roster.sync(later);
    assert.deepEqual(calls, ['list'], 'a conversation that is heard is not fetched as well');
  });

  it('fetches what a connection that looks alive has kept from us', async () => {
    const { roster, say, missed } = make();
    say('a', 'a1', 1);
    await roster.sync(start);
    say('a', 'a2', 2);
    await roster.sync(later);
    await settled();
    assert.deepEqual(missed, ['a2']);
  });

  it('passes nothing by that a connection may have lost', async () => {
    const { roster, say, missed, known } = make({ embeds: false });
    say('a', 'a1', 1);
    await roster.sync(start);
    // Listed while one connection was there, and never told, for it broke.
    say('a', 'a2', 2);
    await roster.sync(later);
    say('b', 'b1', 3);
    known.add('b1');
    await roster.sync({ ...later, connection: 2 });
    await roster.sync({ ...again, connection: 2 });
    await settled();
    assert.ok(missed.includes('a2'));
  });

  it('stops listing where nothing is new', async () => {
    const { roster, say, calls } = make();
    for (let index = 0; index < 250; index++) say(`c${index}`, `m${index}`, index % 50);
    await roster.sync(start);
    assert.equal(calls.filter((call) => call === 'list on').length, 2);
    calls.length = 0;
    await roster.sync(later);
    assert.deepEqual(calls, ['list']);
  });

  for (const [what, problem] of [
    ['for now', passing],
    ['for ever', lasting],
  ] as const) {
    it(`is not kept from the other conversations by one that cannot be read ${what}`, async () => {
      const { roster, say, broken, missed, log, calls } = make();
      say('a', 'a1', 1);
      await roster.sync(start);
      for (const [index, id] of ['a', 'b', 'c'].entries()) say(id, `${id}9`, 10 + index);
      broken.set('b', problem);
      const done = roster.sync(again);
      if (problem === passing) await assert.rejects(done, passing);
      else await done;
      await settled();
      assert.deepEqual([...missed].sort(), ['a9', 'c9']);
      assert.equal(log.includes('problem No.'), problem === lasting);
      broken.clear();
      calls.length = 0;
      await roster.sync(again);
      await settled();
      // What may pass with time is asked again; what was refused has been told, and stays behind the mark.
      assert.equal(missed.includes('b9'), problem === passing);
      if (problem === lasting) assert.ok(!calls.includes('messages b'));
    });
  }

  it('starts from the old mark after a listing that failed', async () => {
    const { roster, say, missed, failListing } = make();
    say('a', 'a1', 1);
    await roster.sync(start);
    say('a', 'a2', 2);
    failListing(passing);
    await assert.rejects(roster.sync(again), passing);
    failListing(undefined);
    await roster.sync(again);
    await settled();
    assert.deepEqual(missed, ['a2']);
  });

  it('takes a time that it cannot read for long ago', async () => {
    const { roster, conversations, subscribed, missed } = make();
    conversations.set('x', { id: 'x', status: 'open', lastMessageAt: 'yesterday' });
    conversations.set('y', { id: 'y', status: 'open' });
    await roster.sync(start);
    await roster.sync(again);
    assert.deepEqual([...subscribed].sort(), ['x', 'y']);
    assert.deepEqual(missed, []);
  });

  it('fetches a conversation once for all who ask, and keeps it', async () => {
    const { roster, say, calls } = make();
    say('a', 'a1', 1);
    const both = await Promise.all([roster.get('a'), roster.get('a')]);
    assert.deepEqual(
      both.map((one) => one?.id),
      ['a', 'a'],
    );
    assert.equal((roster.get('a') as Conversation).id, 'a');
    assert.deepEqual(calls, ['get a']);
  });

  it('knows what it has listed without asking', async () => {
    const { roster, say, calls } = make();
    say('a', 'a1', 1);
    await roster.sync(start);
    assert.equal((roster.get('a') as Conversation).id, 'a');
    assert.ok(!calls.includes('get a'));
  });

  it('has nothing for a conversation that cannot be had, and asks again the next time', async () => {
    const { roster, broken, calls } = make();
    broken.set('a', lasting);
    assert.equal(await roster.get('a'), undefined);
    broken.clear();
    assert.equal((await roster.get('a'))?.id, 'a');
    assert.equal(calls.length, 2);
  });

  it('remembers what the server says has changed', async () => {
    const { roster, say } = make();
    say('a', 'a1', 1);
    roster.update('a', { status: 'resolved' });
    await roster.sync(start);
    const before = roster.get('a') as Conversation;
    roster.update('a', { status: 'resolved', assignedTo: 'u' });
    const { status, assignedTo } = roster.get('a') as Conversation;
    assert.deepEqual([status, assignedTo, before.status], ['resolved', 'u', 'open']);
  });
});
