import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { alone, type FlowNode, listening, type Message, setUpFlows, shownBy, until } from '../support/flows';
import { asking, type Loose, sendNode } from './sending';

/** As the dialog stores it. */
const variable = (name: string) => `\${${name}}`;

/** What people write and paste, through real flows. */
describe('what people write and paste', () => {
  const setup = setUpFlows();
  const { play, control, state } = setup;
  const ask = asking(setup);
  const text = ({ error }: Message) => `${error?.message} ${String(error?.cause.hint)}`;

  describe('phone numbers', () => {
    const send = alone(setup, 'linktor-send');
    const upsert = alone(setup, 'linktor-contact');
    const people = async (): Promise<Loose[]> => (await ask('GET', '/contacts?limit=100')).data;
    const rio = '+5521987654321';

    for (const [given, country, dialled] of [
      ['00351 912 345 678', 'PT', '+351912345678'],
      ['0044 20 7946 0958', 'PT', '+442079460958'],
      ['\u202a+351 912\u2011345\u2011678\u202c', '', '+351912345678'],
      ['＋３５１ ９１２ ３４５ ６７８', '', '+351912345678'],
    ] as const) {
      it(`sends to ${given} (${country}), and to nobody else`, async () => {
        await send({ to: 'address', country }, { payload: 'x', address: given, channelId: 'ch_whatsapp' });
        const known = await people();
        assert.deepEqual(
          known.map(({ phone }) => phone).filter((one) => !one?.startsWith('+55119')),
          [dialled],
        );
      });
    }

    for (const [given, country, problem] of [
      ['call me at 2125550100 please', 'US', /not a phone number/],
      ['+1 212 555 0100 ext 5', '', /extension 5/],
      ['+55 11 12345-6789', '', /not a valid phone number/],
      ['2125550100', '', /no country/],
    ] as const) {
      it(`makes no contact of ${given}`, async () => {
        const out = await send({ to: 'address', country }, { payload: 'x', address: given, channelId: 'ch_whatsapp' });
        assert.equal(out.error?.code, 'validation');
        assert.match(text(out), problem);
        assert.equal((await people()).length, 3);
      });
    }

    it('finds the one who is known by the other number of the same phone, and sends there', async () => {
      const { id } = await ask('POST', '/contacts', { name: 'Rui', phone: rio });
      const msg = { payload: 'x', address: '+55 21 8765-4321', channelId: 'ch_whatsapp' };
      const { sent } = await send({ to: 'address' }, msg);
      const { contactId } = await ask('GET', `/conversations/${(sent as Loose).conversationId}`);
      assert.equal(contactId, id);
      assert.equal((await people()).length, 4);
    });

    it('makes no second person of it, and leaves the number as it was', async () => {
      const { id } = await ask('POST', '/contacts', { name: 'Rui', phone: '+552187654321' });
      const out = await upsert({ operation: 'upsert' }, { payload: { phone: rio, name: 'Rui M.' } });
      const { id: found, phone, name } = out.payload as Loose;
      assert.deepEqual([found, out.created, phone, name], [id, false, '+552187654321', 'Rui M.']);
    });

    it('makes one person of both numbers at once', async () => {
      const { node, probe } = await play(sendNode({ to: 'address' }));
      for (const address of [rio, '+55 21 8765-4321', '\u200e0055 21 98765 4321']) {
        node('node').receive({ payload: address, address, channelId: 'ch_whatsapp' });
      }
      const all = await probe('out').take(3);
      assert.equal((await people()).length, 4);
      assert.equal(new Set(all.map(({ sent }) => (sent as Loose).conversationId)).size, 1);
    });

    it('adds no identity that is the other number of one', async () => {
      const identifiers = [{ channelType: 'whatsapp', identifier: '5521987654321' }];
      await ask('POST', '/contacts', { name: 'Rui', phone: rio, identifiers });
      const person = { phone: rio, channelType: 'whatsapp', identifier: '+552187654321' };
      const { payload } = await upsert({ operation: 'upsert' }, { payload: person });
      assert.deepEqual(
        (payload as Loose).identifiers.map(({ identifier }: Loose) => identifier),
        ['5521987654321'],
      );
    });

    it('lists who is known by the other number', async () => {
      await ask('POST', '/contacts', { name: 'Rui', phone: rio });
      const fields = { operation: 'list', phone: '+55 21 8765-4321', phoneType: 'str' };
      const { payload } = await upsert(fields);
      assert.deepEqual(
        (payload as Loose[]).map(({ name }) => name),
        ['Rui'],
      );
    });

    it('keeps apart a mobile and a landline of the same area', async () => {
      await ask('POST', '/contacts', { name: 'Loja', phone: '+552133334444' });
      const { created } = await upsert({ operation: 'upsert' }, { payload: { phone: '+5521933334444' } });
      assert.equal(created, true);
    });
  });

  describe('rules of message in', () => {
    const trigger = (more: Loose): FlowNode[] => [
      {
        id: 'node',
        type: 'linktor-message-in',
        config: 'account',
        outputs: '2',
        wires: [['out'], ['filtered']],
        ...more,
      },
      { id: 'out', type: 'probe' },
      { id: 'filtered', type: 'probe' },
    ];
    const rules: [rule: string, value: string, yes: string, no: string][] = [
      ['equals', 'café', 'cafe\u0301', 'cafe'],
      ['equals', 'help', '\u200bHelp ', 'helper'],
      ['contains', '❤️', 'I ❤ it', 'I 💔 it'],
      ['startsWith', 'order', ' ｏｒｄｅｒ 12', 'my order'],
      ['command', 'help', '/help@my_bot now', 'help'],
      ['command', '/help', '／help', '/helper'],
      ['regex', '^(\\w+\\s?)+$', 'two words', `${'a'.repeat(28)}!`],
    ];
    for (const [textRule, textValue, yes, no] of rules) {
      it(`${textRule} ${textValue}: ${JSON.stringify(yes)}`, async () => {
        const { probe } = await play(trigger({ textRule, textValue }));
        await listening(setup, 2);
        await control('messages', { conversationId: 'conv_ana', text: no });
        assert.equal((await probe('filtered').first()).reason, 'text');
        await control('messages', { conversationId: 'conv_ana', text: yes });
        assert.equal((await probe('out').first()).payload, yes);
      });
    }

    it('goes on while a stranger writes 100 KB against every kind of rule', async () => {
      const long = `${'a'.repeat(100_000)}!`;
      const kinds = ['startsWith', 'contains', 'equals', 'command', 'regex'];
      const values: Loose = { regex: '^(\\w+\\s?)+$', command: 'a' };
      const nodes = kinds.flatMap((textRule): FlowNode[] => [
        {
          ...(trigger({ textRule, textValue: values[textRule] ?? 'zz' })[0] as FlowNode),
          id: textRule,
          wires: [['out'], [`${textRule}-out`]],
        },
        { id: `${textRule}-out`, type: 'probe' },
      ]);
      const { probe } = await play([...nodes, { id: 'out', type: 'probe' }]);
      await listening(setup, 2);
      await control('messages', { conversationId: 'conv_ana', text: long });
      for (const kind of kinds) assert.equal((await probe(`${kind}-out`).first()).reason, 'text');
      assert.equal(probe('out').all.length, 0);
    });

    for (const allow of [
      '+55 21 8765-4321',
      '\u202a+5521987654321\u202c',
      '+55\u201121\u2011987654321',
      '００５５２１９８７６５４３２１',
      '+55 021 98765-4321',
      'x@y.z,  +5521987654321 ',
    ]) {
      it(`lets in who is on the list as ${JSON.stringify(allow)}`, async () => {
        const { probe } = await play(trigger({ allow, allowType: 'str' }));
        await listening(setup, 2);
        await control('messages', { contact: { name: 'Rui', phone: '+5521987654321' }, text: 'it is me' });
        assert.equal((await probe('out').first()).payload, 'it is me');
      });
    }

    it('takes the conversations of a list however it is typed', async () => {
      const fields = {
        conversations: 'these',
        conversationIds: ' conv_ana,\u200bconv_bruno ',
        conversationIdsType: 'str',
      };
      const { probe } = await play(trigger(fields));
      await listening(setup, 2);
      await control('messages', { conversationId: 'conv_bruno', text: 'here' });
      assert.equal((await probe('out').first()).payload, 'here');
    });

    const lookAhead = { textRule: 'regex', textValue: '^(?!stop).*$' };

    it('runs a pattern of 0.1.0 that cannot be matched in linear time, and says so in yellow', async () => {
      const { probe, node } = await play(trigger(lookAhead));
      await listening(setup, 2);
      await control('messages', { conversationId: 'conv_ana', text: 'stop it' });
      assert.equal((await probe('filtered').first()).reason, 'text');
      await control('messages', { conversationId: 'conv_ana', text: 'go' });
      await probe('out').take(1);
      const shown = await until(
        async () => shownBy(node('node')),
        (all) => all.includes('linktor.status.slow_pattern'),
      );
      assert.ok(!shown.includes('linktor.status.connected'), String(shown));
    });

    it('ends such a pattern in an error when it takes too long, and not in a match', async () => {
      const { probe, caught } = await play(trigger({ textRule: 'regex', textValue: '^(\\w+\\s?)+$(?!x)' }));
      await listening(setup, 2);
      await control('messages', { conversationId: 'conv_ana', text: `${'a'.repeat(40)}!` });
      assert.equal((await caught.first()).error?.code, 'timeout');
      await control('messages', { conversationId: 'conv_ana', text: 'fine' });
      assert.equal((await probe('out').first()).payload, 'fine');
      assert.equal(probe('out').all.length, 1);
    });

    it('refuses a new one at deploy', async () => {
      const { caught, node } = await play(trigger({ ...lookAhead, version: 2 }));
      const out = await caught.first();
      assert.equal(out.error?.code, 'validation');
      assert.match(text(out), /\(\?!/);
      assert.ok(shownBy(node('node')).includes('linktor.status.validation'));
    });
  });

  describe('lists and ids', () => {
    const conversation = alone(setup, 'linktor-conversation');
    for (const [tags, type] of [
      ['vip, urgent', 'str'],
      [' vip ;urgent\n', 'str'],
      ['["vip","urgent"]', 'jsonata'],
      ['vip，urgent', 'str'],
    ] as const) {
      it(`adds the tags ${JSON.stringify(tags)} one by one`, async () => {
        const { payload } = await conversation(
          { operation: 'addTags', tags, tagsType: type },
          { conversationId: '\u200bconv_ana ' },
        );
        const added: string[] = (payload as Loose).tags;
        assert.ok(added.includes('vip') && added.includes('urgent'), String(added));
        assert.ok(added.every((tag) => tag === tag.trim() && !/[,;]/.test(tag)));
      });
    }

    it('refuses a list of nothing', async () => {
      const out = await conversation(
        { operation: 'addTags', tags: ' , ', tagsType: 'str' },
        { conversationId: 'conv_ana' },
      );
      assert.match(text(out), /"tags" is empty/);
    });
  });

  describe('times', () => {
    const snooze = alone(setup, 'linktor-conversation');
    const until2030 = async (until: unknown) => {
      const out = await snooze({ operation: 'snooze' }, { conversationId: 'conv_ana', until });
      return out.error ?? out;
    };
    for (const until of [
      1893456000,
      '1893456000000',
      new Date('2030-01-01T00:00:00Z'),
      '2030-01-01T00:00Z',
      '2030-01-01 03:00+03:00',
    ]) {
      it(`snoozes until ${String(until)}`, async () => {
        await until2030(until);
        const { snoozedUntil, metadata } = await ask('GET', '/conversations/conv_ana');
        assert.equal(new Date(snoozedUntil ?? metadata?.snoozedUntil).toISOString(), '2030-01-01T00:00:00.000Z');
      });
    }
    for (const until of ['01/02/2030', '2020-01-01', 1577836800, 'tomorrow', 60]) {
      it(`refuses ${String(until)}`, async () => {
        const error = (await until2030(until)) as Loose;
        assert.equal(error.code, 'validation');
        assert.match(error.message, /"until"/);
        assert.equal((await state()).requests.length, 0);
      });
    }
  });

  describe('texts with {{ }}', () => {
    const send = alone(setup, 'linktor-send');
    const sent = async (template: string, msg: Loose = {}, more: Loose = { version: 2 }) => {
      const out = await send({ text: template, textType: 'str', ...more }, { conversationId: 'conv_ana', ...msg });
      return out.error ? text(out) : (await state()).sends.at(-1)?.text;
    };
    const refused: [template: string, msg: Loose, problem: RegExp][] = [
      ['Order {{payload}}', { payload: { a: 1 } }, /\{\{payload\}\}.*an object \{a\}.*\{\{payload\.a\}\}/],
      ['Order {{payload}}', { payload: [{ a: 1 }] }, /an array of 1/],
      ['At {{msg.topic}}', { topic: 'x' }, /no msg\.topic.*\{\{topic\}\}/],
      ['At {{$json.x}}', {}, /\$json\.x/],
      ['Hello {{contact.nam}}', { contact: { name: 'Ana' } }, /contact\.nam.*\{\{\^contact\.nam\}\}/],
      ['Hello {{{contact.nam}}}', { contact: { name: 'Ana' } }, /contact\.nam/],
      ['Hello {{contact.name}}', { contact: {} }, /contact\.name/],
      ['{{#rows}}{{nam}}{{/rows}}', { rows: [{ name: 'Ana' }] }, /nam/],
      ['{{payload}}', { payload: Number.NaN }, /NaN/],
      ['On {{day}}', { day: new Date(Number.NaN) }, /\{\{day\}\}.*an invalid date/],
      ['On {{days}}', { days: [new Date(Number.NaN)] }, /\{\{days\}\}.*an array of 1/],
      ['{{#days}}{{.}}{{/days}}', { days: [new Date(Number.NaN)] }, /an invalid date/],
      ['Hello {{> footer}}', { footer: 'Bye' }, /\{\{> footer\}\}.*another template/],
    ];
    for (const [template, msg, problem] of refused) {
      it(`refuses ${template} of ${JSON.stringify(msg)}, and names it`, async () => {
        assert.match(String(await sent(template, msg)), problem);
        assert.equal((await state()).sends.length, 0);
      });
    }

    const written: [template: string, msg: Loose, expected: string][] = [
      ['Hello {{contact.name}}{{^contact.name}}there{{/contact.name}}', { contact: { name: 'Ana' } }, 'Hello Ana'],
      [
        'Hello {{#contact.name}}{{contact.name}}{{/contact.name}}{{^contact.name}}there{{/contact.name}}',
        { contact: {} },
        'Hello there',
      ],
      ['{{#rows}}{{name}} {{/rows}}', { rows: [{ name: 'Ana' }, { name: 'Bo' }] }, 'Ana Bo'],
      ['{{payload}} of {{total}}: {{ok}}', { payload: 1, total: 2.5, ok: false }, '1 of 2.5: false'],
      ['{{payload}}', { payload: '{{contact.phone}} <b>&' }, '{{contact.phone}} <b>&'],
      ['{{tags}}', { tags: ['a', 'b'] }, 'a,b'],
    ];
    for (const [template, msg, expected] of written) {
      it(`writes ${template}`, async () => {
        assert.equal((await sent(template, msg))?.trim(), expected);
      });
    }

    it('leaves blank in flows of 0.1.0 what a message may be without, and nothing else', async () => {
      assert.equal(await sent('Hello {{contact.name}}!', { contact: {} }, {}), 'Hello !');
    });

    it('names a slip of the pen in flows of 0.1.0 too', async () => {
      assert.match(String(await sent('Hello {{contact.nam}}!', { contact: {} }, {})), /contact\.nam/);
    });

    it('writes what anybody has said as it was said', async () => {
      const { node, probe } = await play(sendNode({ text: '{{payload}}', textType: 'str', version: 2 }));
      const said = fc
        .sample(fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }), 20)
        .filter((one) => one.trim() !== '');
      for (const payload of said) node('node').receive({ conversationId: 'conv_ana', payload });
      await probe('out').take(said.length);
      const texts = new Set((await state()).sends.map((one) => one.text));
      // A lone half of a pair is no text that JSON can carry.
      for (const one of said.filter((each) => Buffer.from(each).toString() === each))
        assert.ok(texts.has(one), JSON.stringify(one));
    });
  });

  describe('what is there instead of a text', () => {
    const send = alone(setup, 'linktor-send');
    const instead: [payload: unknown, expected: RegExp][] = [
      [[1, 2], /an array of 2/],
      [{ order: 1 }, /an object \{order\}/],
      [new Date(0), /a date/],
      [Number.NaN, /NaN/],
      [{ text: ['a'] }, /an array of 1/],
      [null, /null|no text/],
    ];
    for (const [payload, expected] of instead) {
      it(`names ${String(expected)}`, async () => {
        const out = await send({}, { conversationId: 'conv_ana', payload });
        assert.equal(out.error?.code, 'validation');
        assert.match(text(out), /no text to send/i);
        assert.match(text(out), expected);
      });
    }
  });

  describe('the account', () => {
    const listing: FlowNode[] = [
      { id: 'node', type: 'linktor-conversation', config: 'account', operation: 'list', wires: [['out']] },
      { id: 'out', type: 'probe' },
      { id: 'in', type: 'linktor-message-in', config: 'account', wires: [['heard']] },
      { id: 'heard', type: 'probe' },
    ];

    for (const apiKey of [
      ...['\u200bsandbox-key', 'sandbox-\nkey', ' sandbox-key\u202c\r\n', 'ｓａｎｄｂｏｘ\u2011key'],
      ...['"sandbox-key"', "'sandbox-key'\n", '<sandbox-key>', '`sandbox-key`', 'sandbox\u00ad-key\u0000'],
      ...[
        'Bearer sandbox-key',
        'X-API-Key: sandbox-key',
        'authorization:Bearer sandbox-key',
        '"X-API-Key: sandbox-key"',
      ],
    ]) {
      it(`takes the key ${JSON.stringify(apiKey)} everywhere alike`, async () => {
        const { node, probe } = await play(listing, { apiKey });
        await listening(setup, 2);
        node('node').receive({});
        assert.ok(Array.isArray((await probe('out').first()).payload));
        await control('messages', { conversationId: 'conv_ana', text: 'heard' });
        assert.equal((await probe('heard').first()).payload, 'heard');
      });
    }

    it('refuses what cannot be a key, without showing it', async () => {
      const { node, caught } = await play(listing, { apiKey: 'sandbox kéy' });
      node('node').receive({});
      const out = await until(
        async () => caught.all.find(({ error }) => error?.source.id === 'node'),
        (found) => found !== undefined,
      );
      assert.equal(out?.error?.code, 'validation');
      assert.match(text(out as Message), /"apiKey".*no key/);
      assert.ok(!JSON.stringify(caught.all).includes('kéy'));
      assert.equal((await state()).requests.length, 0);
    });

    it('does not look at a key that is not used', async () => {
      const { node, probe } = await play(listing, {
        apiKey: 'sandbox kéy',
        account: { signIn: 'password' },
        credentials: { email: '\u200bdemo@linktor.local ', password: 'sandbox' },
      });
      node('node').receive({});
      assert.ok(Array.isArray((await probe('out').first()).payload));
    });

    for (const [what, options] of [
      ['NOPE_KEY', { apiKey: variable('NOPE_KEY') }],
      ['NOPE_URL', { account: { baseUrl: variable('NOPE_URL') } }],
      ['NOPE_WAIT', { account: { timeout: variable('NOPE_WAIT') } }],
    ] as const) {
      it(`names the variable ${what} that is not set`, async () => {
        const { node, caught } = await play(listing, options);
        node('node').receive({});
        const out = await caught.first();
        assert.equal(out.error?.code, 'validation');
        assert.match(text(out), new RegExp(`environment variable "${what}".* is not set`));
      });
    }

    it('names a variable of a node, too, and sends no text that is one', async () => {
      const { node, caught } = await play(sendNode({ text: variable('NOPE_TEXT'), textType: 'str' }));
      node('node').receive({ conversationId: 'conv_ana' });
      assert.match(text(await caught.first()), /"NOPE_TEXT"/);
      assert.equal((await state()).sends.length, 0);
    });
  });
});
