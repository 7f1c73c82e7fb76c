import { strict as assert } from 'node:assert';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import type { Claimed, Dialogue, Dialogues, Reply } from '../../../lib/dialogue';
import type { AccountLedger } from '../../../lib/ledger';
import { failing } from '../support';
import { dialoguesOn, memoryLedger, question, says, sent, TestAsker } from './support';

describe('the dialogues of an account', () => {
  let ledger: AccountLedger;
  let dialogues: Dialogues;
  let asker: TestAsker;
  let problems: unknown[];
  let release: () => void;

  beforeEach(async () => {
    ledger = memoryLedger();
    await ledger.open();
    problems = [];
    dialogues = dialoguesOn(ledger, problems);
    asker = new TestAsker();
    release = dialogues.register('node', asker);
    dialogues.start();
  });

  afterEach(async () => {
    void dialogues.stop();
    await ledger.close();
    assert.deepEqual(problems, []);
  });

  const isTaken = async (said: Reply) => (await dialogues.claim(said))?.isTaken === true;
  const waiting = async () => (await dialogues.list()).map(({ id }) => id);

  describe('one question', () => {
    it('goes from asking to answered, and emits once', async () => {
      const states: string[] = [];
      const asked = question();
      await dialogues.ask(asked, 'replace', async () => {
        states.push((await dialogues.list())[0]?.state ?? 'none');
        return sent();
      });
      states.push((await dialogues.list())[0]?.state ?? 'none');
      assert.deepEqual(states, ['asking', 'waiting']);
      const answer = says('yes');
      assert.equal(await isTaken(answer), true);
      const { ending, dialogue, restarted, said } = await asker.ended_.first();
      assert.deepEqual(ending, { kind: 'answered', value: 'yes', facts: {} });
      assert.equal(dialogue.places[0]?.messageId, 'question');
      assert.equal(restarted, false);
      assert.equal(said[0]?.message.id, answer.message.id);
      assert.deepEqual(await waiting(), []);
      assert.equal(await isTaken(says('yes')), false);
      assert.equal(asker.ended_.all.length, 1);
    });

    it('has no record any more when its answer is emitted', async () => {
      let records: Dialogue[] | undefined;
      asker.ended = async () => {
        records = await dialogues.list();
        return true;
      };
      await dialogues.ask(question(), 'replace', sent);
      await dialogues.answer((await waiting())[0] ?? '', says('yes'));
      assert.deepEqual(records, []);
    });

    it('is asked again after an answer that does not fit, and goes on waiting', async () => {
      await dialogues.ask(question(), 'replace', sent);
      assert.equal(await isTaken(says('maybe')), true);
      assert.equal(await asker.spoken.first(), 'again 1');
      assert.equal((await dialogues.list())[0]?.attempts, 1);
      await dialogues.claim(says('perhaps'));
      await asker.spoken.some(2);
      await dialogues.claim(says('cancel'));
      assert.deepEqual((await asker.ended_.first()).ending, { kind: 'ended', reason: 'cancelled' });
    });

    it('takes the same message once, by whichever way it comes', async () => {
      await dialogues.ask(question(), 'replace', sent);
      const answer = says('maybe');
      await dialogues.claim(answer);
      await asker.spoken.first();
      assert.equal(await isTaken({ ...answer, recovered: true }), true);
      await dialogues.answer((await waiting())[0] ?? '', answer);
      assert.equal(asker.takes, 1);
    });

    it('has taken a message that comes again by another way, also after its end', async () => {
      await dialogues.ask(question(), 'replace', sent);
      const answer = says('yes');
      assert.equal(await isTaken(answer), true);
      await asker.ended_.first();
      assert.equal(await isTaken({ ...answer, recovered: true }), true);
      assert.equal(asker.ended_.all.length, 1);
    });

    it('leaves to others what is said while the answer before is judged, if that one ends it', async () => {
      let end = () => {};
      asker.judged = new Promise((resolve) => {
        end = resolve;
      });
      await dialogues.ask(question(), 'replace', sent);
      assert.equal(await isTaken(says('yes')), true);
      const more = dialogues.claim(says('thanks'));
      end();
      assert.equal(await more, undefined);
      await asker.ended_.first();
    });

    it('takes what is said while the answer before is judged, if it goes on waiting', async () => {
      let end = () => {};
      asker.judged = new Promise((resolve) => {
        end = resolve;
      });
      await dialogues.ask(question(), 'replace', sent);
      assert.equal(await isTaken(says('maybe')), true);
      const more = dialogues.claim(says('yes'));
      end();
      assert.deepEqual(await more, { by: 'node', isTaken: true });
      assert.equal((await asker.ended_.first()).dialogue.attempts, 1);
    });

    it('that cannot be sent leaves nothing behind', async () => {
      const broken = () => Promise.reject(new Error('no server'));
      await assert.rejects(dialogues.ask(question(), 'replace', broken), /no server/);
      assert.deepEqual(await waiting(), []);
      assert.equal(dialogues.size, 0);
      assert.equal(asker.ended_.all.length, 0);
    });

    it('goes on waiting when its answer cannot be judged, and the node says so', async () => {
      await dialogues.ask(question(), 'replace', sent);
      await dialogues.answer((await waiting())[0] ?? '', says('break'));
      assert.match(String(asker.failures[0]), /broken/);
      await dialogues.claim(says('yes'));
      await asker.ended_.first();
    });

    it('lets through what others have to get, and stays', async () => {
      await dialogues.ask(question(), 'replace', sent);
      assert.equal(await isTaken(says('/help')), false);
      assert.equal((await waiting()).length, 1);
    });

    it('takes messages in quick succession as one answer', async () => {
      asker.joinSeconds = 0.05;
      await dialogues.ask(question(), 'replace', sent);
      assert.equal(await isTaken(says('yes')), true);
      assert.equal(await isTaken(says('please')), true);
      const { ending } = await asker.ended_.first();
      assert.deepEqual(ending, { kind: 'answered', value: 'yes please', facts: {} });
    });
  });

  describe('whose answer counts', () => {
    const cases: [name: string, asked: Partial<Dialogue>, message: Parameters<typeof says>[1], expected: boolean][] = [
      ['the customer', {}, {}, true],
      ['another conversation', {}, { conversationId: 'c2' }, false],
      ['a colleague where the customer is asked', {}, { direction: 'outbound', senderType: 'agent' }, false],
      ['anybody', { who: 'anyone' }, { direction: 'outbound', senderType: 'user' }, true],
      ['a bot', { who: 'anyone' }, { direction: 'outbound', senderType: 'bot' }, false],
      ['one of ours', { who: 'anyone' }, { id: 'own-1', direction: 'outbound', senderType: 'agent' }, false],
      ['the customer where a colleague is asked', { who: 'colleague' }, {}, false],
      ['a colleague', { who: 'colleague' }, { direction: 'outbound', senderType: 'agent' }, true],
      ['a named person', { who: 'these', whoIds: [' P1 '] }, {}, true],
      ['somebody who is not named', { who: 'these', whoIds: ['p2'] }, {}, false],
      ['the question itself', { who: 'anyone' }, { id: 'question', senderType: 'agent' }, false],
      ['the message that began it', {}, { id: 'm0' }, false],
    ];
    for (const [name, asked, message, expected] of cases) {
      it(`${expected ? 'takes' : 'leaves'} ${name}`, async () => {
        await dialogues.ask(question(asked), 'replace', sent);
        assert.equal(await isTaken(says('yes', message)), expected);
      });
    }

    it('knows a named person by their number, however it is written', async () => {
      await dialogues.ask(question({ who: 'these', whoIds: ['+55 (11) 98888-7777'] }), 'replace', sent);
      const said = says('yes');
      said.conversation = { id: 'c1', contactId: 'p9', contact: { id: 'p9', phone: '5511988887777', identifiers: [] } };
      assert.equal(await isTaken(said), true);
    });

    it('leaves what was said before the question', async () => {
      await dialogues.ask(question(), 'replace', sent);
      assert.equal(await isTaken(says('yes', { createdAt: new Date(Date.now() - 5000).toISOString() })), false);
    });

    it('takes an answer of the same second: some channels count whole seconds', async () => {
      await dialogues.ask(question(), 'replace', sent);
      assert.equal(await isTaken(says('yes', { createdAt: new Date(Date.now() - 900).toISOString() })), true);
    });

    for (const [name, overrides] of [
      ['', { askedThere: Date.now() + 7_200_000 }],
      [', which became known only with the question', {}],
    ] as const) {
      it(`takes an answer of a server whose clock is two hours ahead${name}`, async () => {
        const there = (after: number) => Date.now() + 7_200_000 + after;
        const send = async () => [{ conversationId: 'c1', messageId: 'question', since: there(0) }];
        await dialogues.ask(question(overrides), 'replace', send);
        assert.equal(await isTaken(says('yes', { createdAt: new Date(there(2000)).toISOString() })), true);
        await asker.ended_.first();
      });
    }

    it('decides about a message of the moment of asking when the question stands', async () => {
      const before = says('hello?', { createdAt: new Date(Date.now() - 3000).toISOString() });
      let claimed: Claimed | Promise<Claimed>;
      let early: Claimed | Promise<Claimed>;
      await dialogues.ask(question({ asked: Date.now() - 4000 }), 'replace', async () => {
        claimed = dialogues.claim(before);
        early = dialogues.claim(says('yes'));
        return sent();
      });
      assert.deepEqual(await Promise.all([claimed, early]), [undefined, { by: 'node', isTaken: true }]);
      await asker.ended_.first();
    });
  });

  describe('another question for the same person', () => {
    it('replaces the first, which says so', async () => {
      const [first, second] = [question(), question()];
      await dialogues.ask(first, 'replace', sent);
      await dialogues.ask(second, 'replace', sent);
      const { dialogue, ending } = await asker.ended_.first();
      assert.equal(dialogue.id, first.id);
      assert.deepEqual(ending, { kind: 'ended', reason: 'replaced' });
      assert.deepEqual(await waiting(), [second.id]);
    });

    it('is refused', async () => {
      await dialogues.ask(question(), 'replace', sent);
      assert.equal((await failing(dialogues.ask(question(), 'refuse', sent))).code, 'conflict');
      assert.equal((await waiting()).length, 1);
    });

    it('waits for its turn, in the order of coming', async () => {
      const order: string[] = [];
      const asking = ['a', 'b', 'c'].map((id) =>
        dialogues.ask(question({ id }), 'queue', async () => {
          order.push(id);
          return sent();
        }),
      );
      await asking[0];
      assert.deepEqual(order, ['a']);
      await dialogues.claim(says('yes'));
      await asking[1];
      await dialogues.claim(says('yes'));
      await asking[2];
      assert.deepEqual(order, ['a', 'b', 'c']);
    });

    it('that replaces one of an absent node ends with the account', async () => {
      await dialogues.ask(question(), 'replace', sent);
      const asking = failing(dialogues.ask(question({ nodeId: 'other' }), 'replace', sent));
      release();
      await dialogues.stop();
      assert.equal((await asking).code, 'storage');
    });

    it('that waits for its turn ends with its node', async () => {
      await dialogues.ask(question(), 'replace', sent);
      const ending = new AbortController();
      const queued = dialogues.ask(question(), 'queue', sent, ending.signal);
      ending.abort(new Error('closed'));
      await assert.rejects(queued, /closed/);
    });

    it('leaves exactly one of many that come at once', async () => {
      await Promise.all(Array.from({ length: 30 }, () => dialogues.ask(question(), 'replace', sent)));
      assert.equal((await waiting()).length, 1);
      assert.equal(asker.ended_.all.length, 29);
    });

    it('does not concern other people and conversations', async () => {
      await dialogues.ask(question(), 'refuse', sent);
      await dialogues.ask(question({ who: 'colleague' }), 'refuse', sent);
      const elsewhere = { places: [{ conversationId: 'c2', contactId: 'p2' }] };
      await dialogues.ask(question(elsewhere), 'refuse', async () => [{ conversationId: 'c2' }]);
      assert.equal((await waiting()).length, 3);
    });

    it('counts as one when the conversation becomes known only by sending', async () => {
      await dialogues.ask(question(), 'replace', sent);
      const byContact = question({ places: [{ contactId: 'p1' }] });
      await dialogues.ask(byContact, 'replace', async (placed) => {
        await placed({ conversationId: 'c1', contactId: 'p1' });
        return sent();
      });
      assert.deepEqual(await waiting(), [byContact.id]);
    });
  });

  describe('time', () => {
    let time: SinonFakeTimers;
    beforeEach(() => {
      void dialogues.stop();
      time = useFakeTimers({ now: Date.now(), toFake: ['setTimeout', 'clearTimeout', 'Date'] });
      dialogues.start();
    });
    afterEach(() => time.restore());

    it('ends a question that nobody answers', async () => {
      await dialogues.ask(question({ deadline: Date.now() + 60_000 }), 'replace', sent);
      await time.tickAsync(59_999);
      assert.equal(asker.ended_.all.length, 0);
      await time.tickAsync(1);
      assert.deepEqual((await asker.ended_.first()).ending, { kind: 'timeout' });
    });

    it('reaches a deadline of 29 days', async () => {
      await dialogues.ask(question({ deadline: Date.now() + 29 * 86_400_000 }), 'replace', sent);
      await time.tickAsync(29 * 86_400_000 - 1);
      assert.equal(asker.ended_.all.length, 0);
      await time.tickAsync(1);
      await asker.ended_.first();
    });

    it('reminds, each time once, and not after the end', async () => {
      const now = Date.now();
      await dialogues.ask(
        question({ reminders: [now + 10_000, now + 20_000], deadline: now + 60_000 }),
        'replace',
        sent,
      );
      await time.tickAsync(10_000);
      await asker.spoken.first();
      await dialogues.claim(says('yes'));
      await asker.ended_.first();
      await time.tickAsync(60_000);
      assert.equal(asker.spoken.all.length, 1);
      assert.equal(asker.ended_.all.length, 1);
    });

    it('puts a reminder off', async () => {
      const now = Date.now();
      asker.remindAgainAfter = 5000;
      await dialogues.ask(question({ reminders: [now + 10_000], deadline: now + 60_000 }), 'replace', sent);
      await time.tickAsync(10_000);
      await asker.spoken.first();
      while ((await dialogues.list())[0]?.reminders.length !== 1) await new Promise((resolve) => setImmediate(resolve));
      asker.remindAgainAfter = undefined;
      await time.tickAsync(5000);
      await asker.spoken.some(2);
    });

    it('counts by the clock of the server where another instance, whose clock is behind, has asked', async () => {
      const hour = 3_600_000;
      const now = Date.now();
      const theirs = {
        asked: now - hour,
        askedThere: now,
        deadline: now - hour + 60_000,
        reminders: [now - hour + 30_000],
      };
      dialogues = dialoguesOn(ledger, problems, 0);
      dialogues.register('node', asker);
      dialogues.start();
      await dialogues.ask(question(theirs), 'replace', sent);
      await time.tickAsync(29_999);
      assert.equal(asker.spoken.all.length, 0);
      await time.tickAsync(1);
      await asker.spoken.first();
      await time.tickAsync(29_999);
      assert.equal(asker.ended_.all.length, 0);
      await time.tickAsync(1);
      assert.deepEqual((await asker.ended_.first()).ending, { kind: 'timeout' });
    });

    it('learns from its question by how much its clock is behind, if it has asked the server nothing before', async () => {
      const hour = 3_600_000;
      const there = Date.now();
      time.setSystemTime(there - hour);
      const asking = question({ deadline: Date.now() + 60_000 });
      await dialogues.ask(asking, 'replace', async () => [
        { conversationId: 'c1', messageId: 'question', since: there },
      ]);
      const [asked] = await dialogues.list();
      assert.equal(asked?.askedThere, there);
      // Another instance, whose clock is right, leads.
      void dialogues.stop();
      time.setSystemTime(there);
      dialogues = dialoguesOn(ledger, problems, 0);
      dialogues.register('node', asker);
      await dialogues.load();
      dialogues.start();
      await time.tickAsync(59_999);
      assert.equal(asker.ended_.all.length, 0);
      await time.tickAsync(1);
      await asker.ended_.first();
    });

    it('an answer and a time-out at once: one of them', async () => {
      await dialogues.ask(question({ deadline: Date.now() + 1000 }), 'replace', sent);
      const answer = says('yes');
      await time.tickAsync(999);
      const claimed = dialogues.claim(answer);
      await time.tickAsync(1);
      await asker.ended_.first();
      assert.deepEqual(claimed, { by: 'node', isTaken: true });
      assert.equal(asker.ended_.all.length, 1);
    });
  });

  describe('over a restart', () => {
    /** Another life of the process, with what the ledger holds. */
    async function restart(): Promise<Awaited<ReturnType<Dialogues['load']>>> {
      void dialogues.stop();
      dialogues = dialoguesOn(ledger, problems);
      const missed = await dialogues.load();
      asker = new TestAsker();
      release = dialogues.register('node', asker);
      return missed;
    }

    it('goes on where it was, and says so', async () => {
      await dialogues.ask(question(), 'replace', sent);
      const missed = await restart();
      assert.deepEqual(
        missed.map(({ conversationId }) => conversationId),
        ['c1'],
      );
      dialogues.start();
      assert.equal(await isTaken(says('yes')), true);
      assert.equal((await asker.ended_.first()).restarted, true);
    });

    it('takes an answer that came in time while nobody was there, not the time-out', async () => {
      const now = Date.now();
      const places = [{ conversationId: 'c1', messageId: 'question', since: now - 10_000 }];
      const asked = question({ state: 'waiting', places, asked: now - 10_000, deadline: now - 1000 });
      await ledger.put('ask', asked.id, asked, { due: asked.deadline, tags: ['c:c1', 'n:node'] });
      await restart();
      const inTime = says('yes', { createdAt: new Date(now - 5000).toISOString() });
      assert.equal(await isTaken({ ...inTime, recovered: true }), true);
      dialogues.start();
      assert.deepEqual((await asker.ended_.first()).ending, { kind: 'answered', value: 'yes', facts: {} });
    });

    it('does not take an answer that came too late', async () => {
      const now = Date.now();
      const late = question({ asked: now - 10_000, deadline: now - 1000 });
      await ledger.put('ask', late.id, late, { due: late.deadline, tags: ['c:c1', 'n:node'] });
      await restart();
      assert.equal(await isTaken({ ...says('yes'), recovered: true }), false);
      dialogues.start();
      assert.deepEqual((await asker.ended_.first()).ending, { kind: 'timeout' });
    });

    it('waits for a question of which nobody knows whether it left, and sends nothing again', async () => {
      const asking = question();
      await ledger.put('ask', asking.id, asking, { due: asking.deadline, tags: ['c:c1', 'n:node'] });
      await restart();
      dialogues.start();
      const [kept] = await dialogues.list();
      assert.deepEqual([kept?.state, kept?.uncertain], ['waiting', true]);
      await dialogues.claim(says('yes'));
      assert.equal((await asker.ended_.first()).dialogue.uncertain, true);
    });

    it('does not take what was said right before a question of which nobody knows when it left', async () => {
      const asked = Math.trunc(Date.now() / 1000) * 1000 - 4500;
      const asking = question({ asked });
      await ledger.put('ask', asking.id, asking, { due: asking.deadline, tags: ['c:c1', 'n:node'] });
      await restart();
      const at = (after: number) => ({ createdAt: new Date(asked + after).toISOString() });
      assert.equal(await isTaken({ ...says('hello', at(-300)), recovered: true }), false);
      // A whole second may be any moment of it.
      assert.equal(await isTaken({ ...says('maybe', at(-500)), recovered: true }), true);
      await asker.spoken.first();
      assert.equal(await isTaken({ ...says('yes', at(200)), recovered: true }), true);
      assert.equal((await asker.ended_.first()).dialogue.attempts, 1);
    });

    it('compares the time of an answer with the clock of the server', async () => {
      const asking = question({ askedThere: Date.now() - 60_000 });
      await ledger.put('ask', asking.id, asking, { due: asking.deadline, tags: ['c:c1', 'n:node'] });
      const [missed] = await restart();
      assert.deepEqual(missed, { conversationId: 'c1', since: asking.askedThere, isUncertain: true });
      const answer = says('yes', { createdAt: new Date(Date.now() - 50_001).toISOString() });
      assert.equal(await isTaken({ ...answer, recovered: true }), true);
      await asker.ended_.first();
    });

    it('knows a question of the earlier process that arrives after the start, and takes it for no answer', async () => {
      const asking = question({ who: 'anyone' });
      await ledger.put('ask', asking.id, asking, { due: asking.deadline, tags: ['c:c1', 'n:node'] });
      await restart();
      const late = { direction: 'outbound', senderType: 'agent', id: 'late' } as const;
      assert.equal(await isTaken(says('question?', late)), false);
      while ((await dialogues.list())[0]?.uncertain) await new Promise((resolve) => setImmediate(resolve));
      assert.equal((await dialogues.list())[0]?.places[0]?.messageId, 'late');
      assert.equal(await isTaken(says('question?', late)), false);
      assert.equal(asker.takes, 0);
    });

    describe('in the middle of a form', () => {
      /** The process ends while the next question is sent. @param isLeaving its request has begun */
      async function interruptedForm(isLeaving: boolean): Promise<void> {
        await dialogues.ask(question({ kind: 'form' }), 'replace', sent);
        const begun = new Promise<void>((resolve) => {
          asker.askNext = async (leaves) => {
            if (isLeaving) await leaves();
            resolve();
            return new Promise(() => {});
          };
        });
        await dialogues.claim(says('next'));
        await begun;
        await restart();
      }

      it('asks the next question if that has certainly not left, on any server', async () => {
        await interruptedForm(false);
        await dialogues.settleIn('c1', [], false);
        const [kept] = await dialogues.list();
        assert.deepEqual(asker.askedAgain, [kept?.id]);
        assert.deepEqual(
          [kept?.state, kept?.uncertain, kept?.unsent, kept?.places[0]?.messageId],
          ['waiting', undefined, undefined, 'again'],
        );
      });

      it('does not ask it again if it may have left', async () => {
        await interruptedForm(true);
        await dialogues.settleIn('c1', [], false);
        assert.deepEqual(asker.askedAgain, []);
        assert.equal((await dialogues.list())[0]?.uncertain, true);
      });
    });

    it('still tells who answers after the end, once', async () => {
      asker.tellsLate = true;
      await dialogues.ask(question(), 'replace', sent);
      await dialogues.claim(says('yes'));
      await asker.ended_.first();
      await restart();
      asker.tellsLate = true;
      assert.equal(await isTaken(says('yes')), true);
      assert.equal(await asker.spoken.first(), 'too late');
      await restart();
      asker.tellsLate = true;
      assert.equal(await isTaken(says('yes')), false);
    });

    it('keeps of an ended question neither its message nor its answer', async () => {
      asker.tellsLate = true;
      await dialogues.ask(question(), 'replace', sent);
      await dialogues.claim(says('yes, my secret'));
      await asker.ended_.first();
      const [mark] = await ledger.list<{ dialogue: Dialogue }>('sent');
      assert.deepEqual(mark?.value.dialogue.carried, {});
      assert.doesNotMatch(JSON.stringify(mark), /secret|topic/);
    });

    describe('where it can be looked up whether a question has left', () => {
      const ours = (text: string, id: string, after = 0) =>
        says(text, {
          id,
          direction: 'outbound',
          senderType: 'bot',
          createdAt: new Date(Date.now() + after).toISOString(),
        }).message;

      async function interrupted(): Promise<void> {
        const asking = question();
        await ledger.put('ask', asking.id, asking, { due: asking.deadline, tags: ['c:c1', 'n:node'] });
        await restart();
      }

      it('takes one that stands as it stands, and sends nothing', async () => {
        await interrupted();
        await dialogues.settleIn('c1', [ours('hello', 'm7'), ours('question?', 'm8', 20)], true);
        const [kept] = await dialogues.list();
        assert.deepEqual([kept?.uncertain, kept?.places[0]?.messageId], [undefined, 'm8']);
        assert.deepEqual(asker.askedAgain, []);
      });

      it('sends one again that has not left, once', async () => {
        await interrupted();
        await dialogues.settleIn('c1', [ours('hello', 'm7')], true);
        await dialogues.settleIn('c1', [], true);
        const [kept] = await dialogues.list();
        assert.deepEqual([kept?.uncertain, kept?.places[0]?.messageId], [undefined, 'again']);
        assert.deepEqual(asker.askedAgain, [kept?.id]);
      });

      it('takes one that is shown as it stands where a missing one proves nothing', async () => {
        await interrupted();
        await dialogues.settleIn('c1', [], false);
        assert.equal((await dialogues.list())[0]?.uncertain, true);
        await dialogues.settleIn('c1', [ours('question?', 'm8', 20)], false);
        assert.equal((await dialogues.list())[0]?.places[0]?.messageId, 'm8');
        assert.deepEqual(asker.askedAgain, []);
      });

      it('leaves those alone that certainly stand', async () => {
        await dialogues.ask(question(), 'replace', sent);
        await restart();
        await dialogues.settleIn('c1', [], true);
        assert.deepEqual(asker.askedAgain, []);
      });
    });

    it('waits for its node, and drops what has no node any more', async () => {
      await dialogues.ask(question(), 'replace', sent);
      await dialogues.ask(question({ nodeId: 'gone', places: [{ conversationId: 'c2' }] }), 'replace', async () => []);
      await restart();
      assert.deepEqual(
        (await dialogues.dropOrphans()).map(({ nodeId }) => nodeId),
        ['gone'],
      );
      assert.equal((await waiting()).length, 1);
    });
  });

  it('holds an answer while its node is being deployed', async () => {
    await dialogues.ask(question(), 'replace', sent);
    release();
    const claimed = dialogues.claim(says('yes'));
    assert.ok(claimed instanceof Promise);
    const successor = new TestAsker();
    dialogues.register('node', successor);
    assert.deepEqual(await claimed, { by: 'node', isTaken: true });
    await successor.ended_.first();
  });

  describe('whose node is closed by a deploy before it can emit the answer', () => {
    async function closed(): Promise<Reply> {
      await dialogues.ask(question(), 'replace', sent);
      const ended = new Promise<void>((resolve) => {
        asker.ended = async () => {
          release();
          resolve();
          return false;
        };
      });
      const answer = says('yes');
      assert.equal(await isTaken(answer), true);
      await ended;
      return answer;
    }

    it('goes on with the next node, once', async () => {
      await closed();
      const successor = new TestAsker();
      dialogues.register('node', successor);
      assert.deepEqual((await successor.ended_.first()).ending, { kind: 'answered', value: 'yes', facts: {} });
      assert.deepEqual(await waiting(), []);
    });

    it('goes on with the next account, which reads the answer again', async () => {
      const answer = await closed();
      await dialogues.stop();
      assert.equal((await waiting()).length, 1);
      dialogues = dialoguesOn(ledger, problems);
      await dialogues.load();
      const successor = new TestAsker();
      dialogues.register('node', successor);
      assert.equal(await isTaken({ ...answer, recovered: true }), true);
      assert.equal((await successor.ended_.first()).said[0]?.message.id, answer.message.id);
    });
  });

  it('forgets the questions of a node that has been deleted', async () => {
    await dialogues.ask(question(), 'replace', sent);
    assert.equal(dialogues.countOf('node'), 1);
    assert.equal(await dialogues.forget('node'), 1);
    assert.deepEqual(await waiting(), []);
    assert.equal(asker.ended_.all.length, 0);
  });

  it('ends what waits in a conversation', async () => {
    await dialogues.ask(question(), 'replace', sent);
    await dialogues.endIn('c1', 'resolved');
    assert.deepEqual((await asker.ended_.first()).ending, { kind: 'ended', reason: 'resolved' });
    await dialogues.endIn('c1', 'resolved');
    assert.equal(asker.ended_.all.length, 1);
  });

  it('asks five thousand at once, and gets all their answers', async () => {
    const ids = Array.from({ length: 5000 }, (_, index) => `c${index}`);
    await Promise.all(
      ids.map((conversationId) =>
        dialogues.ask(question({ places: [{ conversationId }] }), 'replace', async () => [
          { conversationId, messageId: `q-${conversationId}`, since: Date.now() },
        ]),
      ),
    );
    assert.equal(dialogues.size, 5000);
    for (const conversationId of ids) assert.equal(await isTaken(says('yes', { conversationId })), true);
    await asker.ended_.some(5000);
    assert.equal(dialogues.size, 0);
    assert.equal(new Set(asker.ended_.all.map(({ dialogue }) => dialogue.id)).size, 5000);
  });
});
