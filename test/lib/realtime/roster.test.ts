import { strict as assert } from 'node:assert';
import type { ConversationFilter } from '../../../lib/contract/index';
import { LinktorError } from '../../../lib/errors';
import type { Conversation, Message } from '../../../lib/model';
import { ConversationCache } from '../../../lib/realtime/conversation-cache';
import { LookUps } from '../../../lib/realtime/look-ups';
import { ServerTime } from '../../../lib/realtime/server-time';
import { ConversationSync } from '../../../lib/realtime/sync/conversation-sync';
import { settled } from '../support';

const time = (second: number) => new Date(Date.UTC(2026, 4, 1, 12, 0, second)).toISOString();

/** A server with what it was told, and a roster that asks it. */
function make({ embeds = true, wants }: { embeds?: boolean; wants?: (id: string) => boolean } = {}) {
  const conversations = new Map<string, Conversation>();
  const messages = new Map<string, Message[]>();
  const broken = new Map<string, LinktorError>();
  const calls: string[] = [];
  const log: string[] = [];
  const subscribed = new Set<string>();
  const known = new Set<string>();
  const missed: string[] = [];
  const older: string[] = [];
  /** so much of any list does the server show */
  const shown = { conversations: Number.POSITIVE_INFINITY, messages: Number.POSITIVE_INFINITY };
  let listing: LinktorError | undefined;
  /** what happens while a conversation is being asked for */
  const meanwhile = { asked: (_id: string) => {} };

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
      if (index === shown.conversations) return true;
      if (index > 0 && index % limit === 0) calls.push('list on');
      yield one;
    }
    return false;
  }
  async function* eachMessage(id: string) {
    calls.push(`messages ${id}`);
    const problem = broken.get(id);
    if (problem) throw problem;
    const all = messages.get(id) ?? [];
    yield* all.slice(0, shown.messages);
    return all.length > shown.messages;
  }
  const get = async (id: string) => {
    calls.push(`get ${id}`);
    const problem = broken.get(id);
    if (problem) throw problem;
    const found = conversations.get(id) ?? { id };
    await null;
    meanwhile.asked(id);
    return found;
  };
  const rest = { conversations: { each, eachMessage, get } };
  const cache = new ConversationCache(rest.conversations, new LookUps());
  const roster = new ConversationSync(
    {
      rest,
      conversations: cache,
      bus: {
        isDelivered: (id) => known.has(id) || missed.includes(id),
        skip: ({ id }) => known.add(id),
      },
      gaps: {
        change: (before, { id, status }) => {
          if (before.status !== status) log.push(`listed ${id} ${before.status} ${status}`);
        },
        status: ({ id, status }) => log.push(`status ${id} ${status}`),
        report: (reason, since) =>
          log.push(`${reason} ${since === undefined ? 'from the start' : new Date(since).toISOString()}`),
        backfill: (id, _since, promise) => {
          log.push(`missed ${id}`);
          promise.then(
            (found) => {
              if (found.truncated) log.push(`more of ${id}`);
              older.push(...found.older.map((message) => message.id));
              missed.push(
                ...found.messages
                  .map((message) => message.id)
                  .filter((one) => !known.has(one) && !missed.includes(one)),
              );
            },
            () => log.push(`lost ${id}`),
          );
        },
      },
      interest: {
        isWanted: (id) => wants?.(id) ?? true,
        isSubscribed: (id) => subscribed.has(id),
        discover: (id) => {
          subscribed.add(id);
          log.push(`subscribe ${id}`);
        },
        sweep() {},
      },
      socket: { settled: async () => {} },
      serverTime: new ServerTime({}),
    },
    { persistenceMs: 0, onProblem: (error) => log.push(`problem ${(error as Error).message}`) },
  );
  return {
    roster,
    cache,
    say,
    calls,
    log,
    subscribed,
    known,
    missed,
    older,
    shown,
    broken,
    meanwhile,
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
      await roster.begin();
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
    assert.equal(roster.watermark, undefined);
    await roster.catchUp('a');
    assert.deepEqual(calls, []);
    await roster.sync(start);
    assert.notEqual(roster.watermark, undefined);
    roster.forget();
    assert.equal(roster.watermark, undefined);
  });

  it('marks a server without conversations, and misses nothing from then on', async () => {
    const { roster, say, missed } = make();
    await roster.begin();
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
    const { cache, say, calls } = make();
    say('a', 'a1', 1);
    const both = await Promise.all([cache.get('a'), cache.get('a')]);
    assert.deepEqual(
      both.map((one) => one?.id),
      ['a', 'a'],
    );
    assert.equal((cache.get('a') as Conversation).id, 'a');
    assert.deepEqual(calls, ['get a']);
  });

  it('knows what it has listed without asking', async () => {
    const { roster, cache, say, calls } = make();
    say('a', 'a1', 1);
    await roster.sync(start);
    assert.equal((cache.get('a') as Conversation).id, 'a');
    assert.ok(!calls.includes('get a'));
  });

  it('has nothing for a conversation that cannot be had, and asks again the next time', async () => {
    const { cache, broken, calls } = make();
    broken.set('a', lasting);
    assert.equal(await cache.get('a'), undefined);
    broken.clear();
    assert.equal((await cache.get('a'))?.id, 'a');
    assert.equal(calls.length, 2);
  });

  it('remembers what the server says has changed', async () => {
    const { roster, cache, say } = make();
    say('a', 'a1', 1);
    cache.update('a', { status: 'resolved' });
    await roster.sync(start);
    const before = cache.get('a') as Conversation;
    cache.update('a', { status: 'resolved', assignedTo: 'u' });
    const { status, assignedTo } = cache.get('a') as Conversation;
    assert.deepEqual([status, assignedTo, before.status], ['resolved', 'u', 'open']);
  });

  it('says when more was missed than the server shows, of a conversation or of all of them', async () => {
    const { roster, say, shown, log, missed } = make();
    say('a', 'a1', 1);
    say('b', 'b1', 1);
    await roster.sync(start);
    log.length = 0;
    for (let second = 2; second < 9; second++) say('a', `a${second}`, second);
    say('b', 'b2', 9);
    shown.messages = 3;
    await roster.sync(again);
    await settled();
    assert.deepEqual(
      [missed, log.includes('more of a'), log.includes('more of b')],
      [['b2', 'a6', 'a7', 'a8'], true, false],
    );
    shown.conversations = 1;
    say('a', 'a10', 10);
    say('b', 'b11', 11);
    await roster.sync(again);
    assert.ok(log.includes(`truncated ${time(9)}`), log.join());
    shown.conversations = 2;
    log.length = 0;
    await roster.sync(again);
    assert.ok(!log.some((line) => line.startsWith('truncated')), 'all that is newer was shown');
  });

  it('looks at what has become of messages before a gap as well, without asking for more', async () => {
    const { roster, say, older, log, calls, conversations } = make();
    for (let second = 1; second < 40; second++) say('a', `a${second}`, second);
    await roster.sync(start);
    const before = conversations.get('a') as Conversation;
    const lastMessage = { ...(before.lastMessage as Message), status: 'read' };
    conversations.set('a', { ...before, lastMessage });
    await roster.sync({ ...start, round: 1 });
    assert.ok(log.includes('status a39 read'));
    say('a', 'a40', 40);
    await roster.sync(again);
    await settled();
    assert.deepEqual(
      older.slice(-25),
      Array.from({ length: 25 }, (_, index) => `a${index + 14}`),
    );
    assert.ok(!calls.includes('list on'));
  });

  it('goes on where it had got to when the whole was not done', async () => {
    const { roster, say, broken, missed, calls } = make();
    say('a', 'a1', 1);
    say('b', 'b1', 1);
    await roster.sync(start);
    say('a', 'a2', 2);
    say('b', 'b2', 3);
    broken.set('b', passing);
    await assert.rejects(roster.sync({ ...again, round: 1 }), passing);
    broken.clear();
    calls.length = 0;
    await roster.sync({ ...again, round: 2 });
    await settled();
    assert.deepEqual(
      [calls, missed],
      [
        ['list', 'messages b'],
        ['a2', 'b2'],
      ],
    );
  });

  it('fetches a conversation once in a round, and anew in the next', async () => {
    const { roster, say, calls } = make({ embeds: false });
    say('a', 'a1', 1);
    await roster.sync(start);
    say('a', 'a2', 2);
    const first = await roster.list({ ...again, round: 1 });
    const second = await roster.list({ ...start, round: 1 });
    await roster.finish([first, second]);
    assert.equal(calls.filter((call) => call === 'messages a').length, 2, 'one of them for the mark');
    await roster.sync({ ...again, round: 2 });
    assert.equal(calls.filter((call) => call === 'messages a').length, 3);
  });

  it('says what is not as it was, also of a conversation that is not open any more', async () => {
    const { roster, cache, say, conversations, log } = make();
    for (const id of ['a', 'b', 'c']) say(id, `${id}1`, 1);
    await roster.sync(start);
    const set = (id: string, status: string) =>
      conversations.set(id, { ...(conversations.get(id) as Conversation), status });
    set('a', 'resolved');
    set('b', 'resolved');
    say('b', 'b2', 2);
    cache.update('c', { status: 'pending' });
    await roster.sync(again);
    await roster.sync(start);
    await settled();
    assert.deepEqual(
      log.filter((line) => line.startsWith('listed')),
      ['listed b open resolved', 'listed a open resolved', 'listed c pending open'].sort(
        (one, other) => log.indexOf(one) - log.indexOf(other),
      ),
    );
  });

  it('believes the server more than a listing that was asked for before', async () => {
    const { roster, cache, say, conversations, log } = make();
    say('a', 'a1', 1);
    await roster.sync(start);
    say('a', 'a2', 2);
    conversations.set('a', { ...(conversations.get('a') as Conversation), status: 'pending' });
    const done = roster.sync(later);
    cache.update('a', { status: 'resolved' });
    await done;
    assert.equal((cache.get('a') as Conversation).status, 'resolved');
    assert.ok(!log.some((line) => line.startsWith('listed')));
  });

  it('believes the server more than the answer to a question that was asked before', async () => {
    const { cache, meanwhile } = make();
    meanwhile.asked = (id) => {
      cache.update(id, { status: 'pending', assignedTo: 'u' });
      cache.update(id, { status: 'resolved' });
    };
    const told = await cache.get('a');
    assert.deepEqual([told?.status, told?.assignedTo], ['resolved', 'u']);
    assert.equal(cache.get('a'), told);
    meanwhile.asked = () => {};
    assert.equal((await cache.fetch('a'))?.status, undefined, 'what is asked for later is believed');
  });

  it('says nothing of what the server has told while it was asked about one that is not open any more', async () => {
    const { roster, cache, say, conversations, meanwhile, log } = make();
    say('a', 'a1', 1);
    await roster.sync(start);
    conversations.set('a', { ...(conversations.get('a') as Conversation), status: 'resolved' });
    meanwhile.asked = (id) => cache.update(id, { status: 'resolved' });
    await roster.sync(start);
    assert.ok(!log.some((line) => line.startsWith('listed')));
  });

  it('asks nothing about conversations that nobody wants', async () => {
    const { roster, say, calls, subscribed } = make({ wants: (id) => id === 'a' });
    say('a', 'a1', 1);
    await roster.begin();
    say('a', 'a2', 2);
    say('b', 'b1', 3);
    calls.length = 0;
    await roster.sync(again);
    assert.deepEqual([calls, [...subscribed]], [['list', 'messages a'], ['a']]);
  });

  it('tells nothing of a conversation that was said before somebody wanted to hear it', async () => {
    const { roster, say, missed } = make();
    await roster.begin();
    say('a', 'a1', 1);
    say('b', 'b1', 2);
    await roster.enter(['a']);
    say('a', 'a3', 3);
    await roster.sync(again);
    await settled();
    assert.deepEqual([...missed].sort(), ['a3', 'b1']);
  });

  it('knows a new conversation from one that it has only not seen', async () => {
    const { roster, cache, say, conversations } = make();
    say('a', 'a1', 5);
    await roster.sync(start);
    conversations.set('old', { id: 'old', createdAt: time(4) });
    conversations.set('new', { id: 'new', createdAt: time(6) });
    for (const id of ['old', 'new']) await cache.get(id);
    const fresh = () => ['a', 'old', 'new'].filter((id) => cache.takeNew(id));
    assert.deepEqual([fresh(), fresh()], [['new'], []]);
  });
});
